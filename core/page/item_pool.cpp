#include "core/page/item_pool.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::string_view pool_attribute(const Item& item, const std::string& attribute) {
  if (attribute == "brand") return item.brand;
  if (attribute == "seller") return item.seller;
  require(attribute == "category", "a cap is on brand, seller or category, not on `{}`", attribute);
  return item.category;
}

const Item& pool_item(const Request& request, const CandidateOrder& order, int place) {
  return request.candidates[static_cast<std::size_t>(order[static_cast<std::size_t>(place)])];
}

}  // namespace

ItemPool::ItemPool(const PageSchema& schema, const Request& request, const CandidateOrder& order)
    : candidates(static_cast<int>(order.size())) {
  ad.resize(order.size(), 0);
  if (PageStructure::ads_matter(schema))
    for (int j = 0; j < candidates; ++j) ad[static_cast<std::size_t>(j)] = pool_item(request, order, j).ad;
  quotas_of_.resize(order.size());
  add_caps(schema, request, order);
  add_bands(schema, request, order);
  item_class.assign(order.size(), 0);
  add_pins(schema, request, order);
  make_classes();
}

int ItemPool::add_quota(ItemQuota quota, const std::vector<std::int32_t>& members) {
  const int index = static_cast<int>(quotas.size());
  quotas.push_back(quota);
  for (const std::int32_t j : members) quotas_of_[static_cast<std::size_t>(j)].push_back(index);
  return index;
}

void ItemPool::add_caps(const PageSchema& schema, const Request& request, const CandidateOrder& order) {
  for (const AttributeCap& cap : schema.caps) {
    if (cap.max_count >= std::min(candidates, schema.max_slots())) continue;
    std::map<std::string_view, std::vector<std::int32_t>> bearers;
    for (int j = 0; j < candidates; ++j) {
      const std::string_view value = pool_attribute(pool_item(request, order, j), cap.attribute);
      if (!value.empty()) bearers[value].push_back(j);
    }
    std::vector<int> partition;
    for (const auto& [value, members] : bearers)
      if (static_cast<int>(members.size()) > cap.max_count)
        partition.push_back(add_quota({0, cap.max_count}, members));
    if (!partition.empty()) partitions.push_back(std::move(partition));
  }
}

void ItemPool::add_bands(const PageSchema& schema, const Request& request, const CandidateOrder& order) {
  for (const PriceBand& band : schema.price_bands) {
    std::vector<std::int32_t> members;
    for (int j = 0; j < candidates; ++j) {
      const std::optional<std::int64_t>& price = pool_item(request, order, j).price;
      if (price && *price >= band.min_price && (!band.max_price || *price < *band.max_price))
        members.push_back(j);
    }
    const int count = static_cast<int>(members.size());
    const int most = std::min(band.max_count.value_or(count), count);
    if (band.min_count > 0 || most < count)
      partitions.push_back({add_quota({band.min_count, most}, members)});
  }
}

void ItemPool::add_pins(const PageSchema& schema, const Request& request, const CandidateOrder& order) {
  if (schema.pinned.empty()) return;
  std::map<std::string_view, int> slot_of;
  for (const PinnedItem& pin : schema.pinned) {
    const auto [known, is_new] = slot_of.emplace(pin.item_id, pin.slot.value_or(kPinnedAnywhere));
    if (is_new || !pin.slot || known->second == *pin.slot) continue;
    require(known->second == kPinnedAnywhere, "item {} is pinned to slot {} and to slot {}", pin.item_id,
            known->second, *pin.slot);
    known->second = *pin.slot;
  }
  std::map<std::string_view, bool> seen;
  for (int j = 0; j < candidates; ++j) {
    const std::string_view id = pool_item(request, order, j).id;
    const auto pinned = slot_of.find(id);
    if (pinned == slot_of.end()) continue;
    require(seen.emplace(id, true).second, "pinned item {} is twice among the candidates of request {}", id,
            request.id);
    const auto index = static_cast<std::size_t>(j);
    item_class[index] = ~static_cast<std::int32_t>(pins.size());
    pins.push_back({j, pinned->second, ad[index] != 0, quotas_of_[index]});
    if (pinned->second == kPinnedAnywhere) continue;
    forced.emplace_back(pinned->second, ad[index] != 0);
    least_slots = std::max(least_slots, pinned->second + 1);
  }
  std::sort(forced.begin(), forced.end());
  for (std::size_t i = 1; i < forced.size(); ++i)
    require(forced[i].first != forced[i - 1].first, "two pinned items of request {} want slot {}", request.id,
            forced[i].first);
}

/// Whether the search decides about class `x` before class `y`: lower limits first; bearers of one value next
/// to each other, so that a state forgets the value early; items that no quota holds back last, to fill what
/// is left.
bool ItemPool::searched_before(const ItemClass& x, const ItemClass& y) const {
  const auto needed = [&](const ItemClass& candidate) {
    return std::any_of(candidate.quotas.begin(), candidate.quotas.end(),
                       [&](int q) { return quotas[static_cast<std::size_t>(q)].least > 0; });
  };
  if (needed(x) != needed(y)) return needed(x);
  if (x.quotas.empty() != y.quotas.empty()) return y.quotas.empty();
  return std::tie(x.quotas, x.ad) < std::tie(y.quotas, y.ad);
}

void ItemPool::make_classes() {
  const auto equal = [](const ItemClass& x, const ItemClass& y) {
    return x.ad == y.ad && x.quotas == y.quotas;
  };
  const auto before = [this](const ItemClass& x, const ItemClass& y) { return searched_before(x, y); };
  const auto class_of = [this](std::size_t j) { return ItemClass{ad[j] != 0, quotas_of_[j]}; };
  if (is_simple()) {
    classes = {{false, {}}, {true, {}}};
  } else {
    for (std::size_t j = 0; j < quotas_of_.size(); ++j)
      if (item_class[j] >= 0) classes.push_back(class_of(j));
    std::sort(classes.begin(), classes.end(), before);
    classes.erase(std::unique(classes.begin(), classes.end(), equal), classes.end());
  }
  for (std::size_t j = 0; j < quotas_of_.size(); ++j) {
    if (item_class[j] < 0) continue;
    item_class[j] =
        is_simple()
            ? ad[j]
            : static_cast<std::int32_t>(
                  std::lower_bound(classes.begin(), classes.end(), class_of(j), before) - classes.begin());
    ++classes[static_cast<std::size_t>(item_class[j])].size;
    ++(ad[j] != 0 ? free_ads : free_others);
  }
  quotas_of_.clear();
}

}  // namespace pagewright
