#include "launch/report/exchanges.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "launch/report/html.hpp"

namespace pagewright {
namespace {

Page exchanged(const Page& page, const std::vector<SlotPlace>& places, const Exchange& exchange) {
  Page changed = page;
  const auto item_at = [&](int slot) -> std::int32_t& {
    const SlotPlace place = places[static_cast<std::size_t>(slot)];
    return changed.sections[static_cast<std::size_t>(place.section)]
        .items[static_cast<std::size_t>(place.slot)];
  };
  if (exchange.other_slot >= 0)
    std::swap(item_at(exchange.slot), item_at(exchange.other_slot));
  else
    item_at(exchange.slot) = exchange.item;
  return changed;
}

std::string exchange_words(const Request& request, const Exchange& exchange) {
  const Item& item = request.candidates[static_cast<std::size_t>(exchange.item)];
  const std::string name = escape_html(item.title.empty() ? item.id : item.title);
  return exchange.other_slot >= 0 ? fmt::format("with <b>{}</b> in place {}", name, exchange.other_slot + 1)
                                  : fmt::format("for <b>{}</b>, which is not on the page", name);
}

}  // namespace

Exchanges page_exchanges(const PageSchema& schema, const Request& request, const Page& page) {
  const std::vector<std::int32_t> items = page.items();
  const std::vector<SlotPlace> places = slot_places(page);
  std::vector<Exchange> wanted;
  for (int slot = 0; slot < static_cast<int>(items.size()); ++slot) {
    for (int other = slot + 1; other < static_cast<int>(items.size()); ++other)
      wanted.push_back({slot, other, items[static_cast<std::size_t>(other)], 0});
    for (std::int32_t item = 0; item < static_cast<std::int32_t>(request.candidates.size()); ++item)
      if (std::find(items.begin(), items.end(), item) == items.end()) wanted.push_back({slot, -1, item, 0});
  }
  Exchanges result;
  for (const Exchange& exchange : wanted) {
    Page changed = exchanged(page, places, exchange);
    if (!page_violations(schema, request, changed).empty()) continue;
    result.exchanges.push_back(exchange);
    result.pages.push_back(std::move(changed));
  }
  return result;
}

std::vector<std::optional<Exchange>> best_exchanges(int slots, std::span<const Exchange> exchanges,
                                                    std::span<const double> rewards, double reward) {
  std::vector<std::optional<Exchange>> best(static_cast<std::size_t>(slots));
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    Exchange exchange = exchanges[i];
    exchange.gain = rewards[i] - reward;
    std::optional<Exchange>& so_far = best[static_cast<std::size_t>(exchange.slot)];
    if (!so_far || exchange.gain > so_far->gain) so_far = exchange;
  }
  return best;
}

std::string reason_note(const Request& request, const SlotReason& reason, bool open) {
  std::string html;
  if (reason.expected_gain)
    html += fmt::format("<span>Expected gain <b>{}</b> (a click is worth 1)</span>",
                        number_text(*reason.expected_gain));
  if (reason.item_reward)
    html += fmt::format("<span>Slot reward <b>{}</b></span>", signed_text(*reason.item_reward));
  if (reason.best && reason.best->gain > 0)
    html += fmt::format("<span>Would gain most from an exchange {}: page reward {}</span>",
                        exchange_words(request, *reason.best), signed_text(reason.best->gain));
  else if (reason.best)
    html += fmt::format("<span>No exchange would raise the page reward; the closest is {}: {}</span>",
                        exchange_words(request, *reason.best), signed_text(reason.best->gain));
  if (html.empty()) return html;
  return fmt::format("<details class=\"why\"{}><summary>Why here?</summary>{}</details>", open ? " open" : "",
                     html);
}

}  // namespace pagewright
