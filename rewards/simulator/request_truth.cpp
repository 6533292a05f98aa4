#include "rewards/simulator/request_truth.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "rewards/feedback/near_duplicate.hpp"

namespace pagewright {
namespace {

double simulator_sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

}  // namespace

RequestTruth::RequestTruth(const World& world, const Request& request) : world_(world), request_(request) {
  const std::int64_t user = world.user_index(request.user);
  const auto device = request.context.find("device");
  if (device != request.context.end() && device->second == "mobile")
    examination_power_ = world.config().examination.mobile;
  for (const Item& candidate : request.candidates) {
    const std::int64_t index = world.item_index(candidate.id);
    const Item& item = world.item(index).visible;
    items_.push_back(&item);
    interest_.push_back(world.interest(user, index) - (was_bought(item) ? world.config().clicks.bought : 0));
    purchase_chance_.push_back(simulator_sigmoid(world.purchase_logit(user, index)));
  }
  near_duplicates_.reserve(items_.size() * items_.size());
  for (const Item* first : items_)
    for (const Item* second : items_) near_duplicates_.push_back(near_duplicates(*first, *second));
}

bool RequestTruth::was_bought(const Item& item) const {
  return std::any_of(request_.history.begin(), request_.history.end(), [&](const HistoryAction& action) {
    return action.kind == ActionKind::purchase &&
           (action.item.id == item.id || near_duplicates(action.item, item));
  });
}

double RequestTruth::examination(int section_type, const SlotPlace& place) const {
  const ExaminationConfig& config = world_.config().examination;
  const std::vector<SectionType>& types = world_.schema().section_types;
  require(section_type >= 0 && section_type < static_cast<int>(types.size()),
          "simulator: the page has a section of type {}, the schema has {} types", section_type,
          types.size());
  const SectionType& type = types[static_cast<std::size_t>(section_type)];
  double chance = std::pow(config.section, place.section);
  if (type.layout == "carousel") {
    chance *= std::pow(config.carousel, place.slot);
  } else if (type.layout == "grid") {
    const int columns = std::max(1, type.columns);
    chance *=
        std::pow(config.grid_row, place.slot / columns) * std::pow(config.grid_column, place.slot % columns);
  } else {
    chance *= std::pow(config.list, place.slot);
  }
  return std::pow(chance, examination_power_);
}

double RequestTruth::page_effect(std::span<const std::int32_t> above, std::int32_t candidate) const {
  constexpr int kMost = 4;
  const ClickConfig& clicks = world_.config().clicks;
  const auto chosen = static_cast<std::size_t>(candidate);
  int same_category = 0, same_brand = 0;
  bool near_duplicate = false;
  for (const std::int32_t earlier : above) {
    const auto other = static_cast<std::size_t>(earlier);
    same_category += items_[other]->category == items_[chosen]->category;
    same_brand += items_[other]->brand == items_[chosen]->brand;
    near_duplicate = near_duplicate || near_duplicates_[other * items_.size() + chosen];
  }
  double effect = -clicks.same_brand * std::min(same_brand, kMost);
  if (same_category == 0 && !above.empty()) effect += clicks.new_category;
  if (same_category > 1) effect -= clicks.same_category * std::min(same_category - 1, kMost);
  if (near_duplicate) effect -= clicks.near_duplicate;
  return effect;
}

SlotTruth RequestTruth::slot(int section_type, const SlotPlace& place, std::span<const std::int32_t> above,
                             std::int32_t candidate) const {
  require(candidate >= 0 && candidate < static_cast<std::int32_t>(items_.size()),
          "simulator: the page places candidate {} of request {}, which has {}", candidate, request_.id,
          items_.size());
  const ClickConfig& clicks = world_.config().clicks;
  const auto chosen = static_cast<std::size_t>(candidate);
  SlotTruth truth;
  truth.examination = examination(section_type, place);
  truth.attractiveness = simulator_sigmoid(interest_[chosen] + page_effect(above, candidate));
  truth.click = truth.examination * truth.attractiveness;
  truth.purchase_given_click = purchase_chance_[chosen];
  truth.purchase = truth.click * truth.purchase_given_click;
  const double seen = truth.click - (truth.click - truth.purchase) * clicks.missed_clicks;
  truth.observed_click = seen + (1 - truth.click) * clicks.random_clicks;
  truth.price = static_cast<double>(*items_[chosen]->price);
  return truth;
}

PageTruth RequestTruth::page(const Page& page) const {
  PageTruth truth;
  std::vector<std::int32_t> above;
  for (std::size_t section = 0; section < page.sections.size(); ++section) {
    const std::vector<std::int32_t>& items = page.sections[section].items;
    for (std::size_t k = 0; k < items.size(); ++k) {
      const SlotPlace place{static_cast<int>(section), static_cast<int>(k)};
      truth.slots.push_back(slot(page.sections[section].type, place, above, items[k]));
      above.push_back(items[k]);
    }
  }
  return truth;
}

}  // namespace pagewright
