#include "rewards/terms/diversity_term.hpp"

#include <set>

#include "rewards/terms/rules/slot_rules.hpp"

namespace pagewright {

namespace {

double distinct_share(const Request& request, const Page& page, ItemAttribute attribute) {
  std::set<std::string> values;
  int without = 0;
  const std::vector<std::int32_t> items = page.items();
  for (std::int32_t item : items) {
    const std::string& value = attribute_of(request.candidates[static_cast<std::size_t>(item)], attribute);
    if (value.empty())
      ++without;
    else
      values.insert(value);
  }
  if (items.empty()) return 0;
  return static_cast<double>(values.size() + static_cast<std::size_t>(without)) /
         static_cast<double>(items.size());
}

}  // namespace

std::vector<TermScore> DiversityTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const RequestPages& group : groups)
    for (const Page& page : group.pages) {
      TermScore& term = result.emplace_back();
      term.name = name();
      term.page_raw = static_cast<float>(distinct_share(*group.request, page, attribute_));
      term.page = term.page_raw;
    }
  return result;
}

}  // namespace pagewright
