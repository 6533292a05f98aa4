#include "rewards/credit/slot_alternatives.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "core/base/hash.hpp"
#include "core/base/rng.hpp"

namespace pagewright {

namespace {

/// The page with items given in page order.
Page with_items(Page page, const std::vector<std::int32_t>& items) {
  auto next = items.begin();
  for (PageSection& section : page.sections)
    for (std::int32_t& item : section.items) item = *next++;
  return page;
}

/// Items of the page and, from number K on, those that are not on it.
std::vector<std::int32_t> items_and_unused(const Request& request, const std::vector<std::int32_t>& items) {
  std::vector<std::int32_t> all = items;
  for (std::int32_t c = 0; c < std::ssize(request.candidates); ++c)
    if (std::ranges::find(items, c) == items.end()) all.push_back(c);
  return all;
}

std::uint64_t page_word(const Page& page) {
  std::string text;
  for (const PageSection& section : page.sections) {
    text += std::to_string(section.type) + ":";
    for (const std::int32_t item : section.items) text += std::to_string(item) + ",";
  }
  return stable_hash(text) >> 32;
}

}  // namespace

std::vector<SlotAlternative> slot_alternatives(const PageSchema& schema, const Request& request,
                                               const Page& page, const SwapConfig& config,
                                               AlternativeKey key) {
  const std::vector<std::int32_t> items = page.items();
  const std::vector<std::int32_t> all = items_and_unused(request, items);
  const std::uint64_t word = page_word(page);
  std::vector<SlotAlternative> result;
  for (std::size_t k = 0; k < items.size(); ++k) {
    std::vector<std::size_t> others;
    if (config.with != SwapWith::unused)
      for (std::size_t j = k + 1; j < items.size(); ++j) others.push_back(j);
    if (config.with != SwapWith::later)
      for (std::size_t j = items.size(); j < all.size(); ++j) others.push_back(j);
    const auto most = static_cast<std::size_t>(config.variants);
    if (others.size() > most)
      CounterRandom(key.seed, RandomStream::swap_credit, word, static_cast<std::uint64_t>(key.request), 0, k)
          .shuffle(std::span(others));
    std::size_t found = 0;
    for (std::size_t i = 0; i < others.size() && found < most; ++i) {
      std::vector<std::int32_t> changed = items;
      changed[k] = all[others[i]];
      if (others[i] < items.size()) changed[others[i]] = items[k];
      Page other = with_items(page, changed);
      if (!page_violations(schema, request, other).empty()) continue;
      result.push_back({static_cast<int>(k), std::move(other)});
      ++found;
    }
  }
  return result;
}

}  // namespace pagewright
