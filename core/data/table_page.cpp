#include "core/data/table_page.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

void add_table_propensities(const TableMap& map, const std::vector<TableSlot>& slots, LoggedPage& page) {
  if (map.propensity.empty()) return;
  for (const TableSlot& slot : slots) {
    require(slot.propensity.has_value(), "column '{}' is empty; a propensity lies in (0, 1]", map.propensity);
    if (map.propensity_kind == PropensityKind::page)
      page.page_propensity = slot.propensity;
    else
      page.slot_propensities.push_back(*slot.propensity);
  }
  if (!page.slot_propensities.empty()) page.slot_propensity_kind = map.propensity_kind;
}

}  // namespace

ReadyPage compose_page(const TableMap& map, TablePage draft, const std::vector<Item>& all_items) {
  ReadyPage ready{std::move(draft.request), {}, draft.visitor, draft.file, draft.line};
  LoggedPage& page = ready.page;
  page.page_id = draft.key;
  page.policy_id = draft.policy;
  page.timestamp = ready.request.timestamp;
  for (const TableSlot& slot : draft.slots)
    if (std::ranges::find(page.section_names, slot.section) == page.section_names.end())
      page.section_names.push_back(slot.section);
  const auto place = [&](const TableSlot& slot) {
    return std::pair(std::ranges::find(page.section_names, slot.section) - page.section_names.begin(),
                     slot.position);
  };
  std::ranges::stable_sort(draft.slots, {}, place);
  page.page.sections.resize(page.section_names.size());
  for (std::size_t i = 0; i < page.page.sections.size(); ++i)
    page.page.sections[i].type = static_cast<int>(i);
  if (map.all_items) ready.request.candidates = all_items;
  std::unordered_map<std::string, std::int32_t> candidates;
  for (const Item& item : ready.request.candidates)
    candidates.emplace(item.id, static_cast<std::int32_t>(candidates.size()));
  for (std::size_t k = 0; k < draft.slots.size(); ++k) {
    TableSlot& slot = draft.slots[k];
    const auto [found, is_new] =
        candidates.emplace(slot.item.id, static_cast<std::int32_t>(candidates.size()));
    page.page.sections[static_cast<std::size_t>(place(slot).first)].items.push_back(found->second);
    for (Event& event : slot.events) {
      event.slot = static_cast<std::int32_t>(k);
      page.events.push_back(event);
    }
    if (is_new) ready.request.candidates.push_back(std::move(slot.item));
  }
  add_table_propensities(map, draft.slots, page);
  return ready;
}

}  // namespace pagewright
