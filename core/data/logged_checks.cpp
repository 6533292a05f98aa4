#include <cmath>

#include "core/base/error.hpp"
#include "core/data/log_columns.hpp"

namespace pagewright {
namespace {

void check_logged_item(const Item& item, const char* what, std::size_t place) {
  require(!item.id.empty(), "{} {} has no id", what, place);
  require(!item.price || *item.price >= 0, "{} {} ('{}') has the negative price {}", what, place, item.id,
          item.price.value_or(0));
  for (const auto& [name, value] : item.features)
    require(std::isfinite(value), "feature '{}' of {} {} ('{}') is not a finite number", name, what, place,
            item.id);
}

void check_logged_event(const Event& event, std::size_t place, std::int32_t slots) {
  require(event.slot >= 0 && event.slot < slots, "event {} is at slot {}, but the page has {} slots", place,
          event.slot, slots);
  require(event.quantity >= 1, "event {} has quantity {}, at least 1 is needed", place, event.quantity);
  require(!event.price || *event.price >= 0, "event {} has the negative price {}", place,
          event.price.value_or(0));
}

/// A little above 1 passes: sums of logarithms round.
void check_logged_propensity(double value, const char* what) {
  require(value > 0 && value <= 1 + 1e-9, "{} is {}; a propensity lies in (0, 1]", what, value);
}

}  // namespace

void check_logged_request(const Request& request) {
  require(!request.candidates.empty(), "request '{}' has no candidates", request.id);
  for (std::size_t i = 0; i < request.candidates.size(); ++i)
    check_logged_item(request.candidates[i], "candidate", i);
  for (std::size_t i = 0; i < request.history.size(); ++i)
    check_logged_item(request.history[i].item, "history action", i);
}

void check_logged_page(const LoggedPage& page, std::size_t candidate_count) {
  require(!page.page_id.empty(), "the page has no id");
  require(page.section_names.size() == page.page.sections.size(),
          "the page has {} sections but {} section names", page.page.sections.size(),
          page.section_names.size());
  std::int32_t slots = 0;
  for (const auto& section : page.page.sections)
    for (const auto item : section.items) {
      require(item >= 0 && static_cast<std::size_t>(item) < candidate_count,
              "slot {} of the page holds candidate {}, but the request has {} candidates", slots, item,
              candidate_count);
      ++slots;
    }
  require(slots > 0, "the page has no slots");
  if (page.page_propensity) check_logged_propensity(*page.page_propensity, "the page propensity");
  const auto propensities = page.slot_propensities.size();
  require(propensities == 0 || propensities == static_cast<std::size_t>(slots),
          "the page has {} slots but {} slot propensities", slots, propensities);
  require((propensities == 0) == (page.slot_propensity_kind == PropensityKind::none),
          "slot propensities and their kind must be given together");
  require(page.slot_propensity_kind != PropensityKind::page, "slot propensities cannot be of kind 'page'");
  for (const auto value : page.slot_propensities) check_logged_propensity(value, "a slot propensity");
  for (std::size_t i = 0; i < page.events.size(); ++i) check_logged_event(page.events[i], i, slots);
  require(!page.revisit_of || (!page.revisit_of->empty() && *page.revisit_of != page.page_id),
          "'revisit_of' must name another page");
}

}  // namespace pagewright
