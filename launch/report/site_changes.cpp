#include "launch/report/site_changes.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "launch/report/html.hpp"

namespace pagewright {
namespace {

using ItemKind = std::function<std::string(const Item&)>;

struct BeforeAfter {
  const Request* request;
  std::vector<std::int32_t> before, after;
};

std::vector<ShareChange> share_changes(const std::vector<BeforeAfter>& pairs, const ItemKind& kind) {
  std::map<std::string, ShareChange> changes;
  double before = 0, after = 0;
  for (const BeforeAfter& pair : pairs) {
    const auto count = [&](const std::vector<std::int32_t>& items, double ShareChange::*side, double& total) {
      for (const std::int32_t item : items) {
        changes[kind(pair.request->candidates[static_cast<std::size_t>(item)])].*side += 1;
        total += 1;
      }
    };
    count(pair.before, &ShareChange::before, before);
    count(pair.after, &ShareChange::after, after);
  }
  std::vector<ShareChange> result;
  for (auto& [value, change] : changes)
    result.push_back({value.empty() ? "none" : value, before > 0 ? change.before / before : 0,
                      after > 0 ? change.after / after : 0});
  std::stable_sort(result.begin(), result.end(),
                   [](const ShareChange& a, const ShareChange& b) { return a.change() > b.change(); });
  return result;
}

/// Names the fifth of the prices that an item's price lies in.
class PriceFifths {
 public:
  explicit PriceFifths(std::span<const PageExample> examples) {
    std::map<std::string, std::vector<std::int64_t>> prices;
    for (const PageExample& example : examples)
      for (const Item& item : example.request.candidates)
        if (item.price) prices[item.currency].push_back(*item.price);
    std::vector<std::int64_t> most;
    for (auto& [currency, values] : prices)
      if (values.size() > most.size()) most = values, currency_ = currency;
    std::sort(most.begin(), most.end());
    for (std::size_t fifth = 1; fifth < 5 && !most.empty(); ++fifth) {
      const std::int64_t border = most[fifth * most.size() / 5];
      if (borders_.empty() || border > borders_.back()) borders_.push_back(border);
    }
  }

  std::string operator()(const Item& item) const {
    if (!item.price) return "no price";
    if (item.currency != currency_) return "another currency";
    const auto above = std::upper_bound(borders_.begin(), borders_.end(), *item.price);
    if (borders_.empty()) return "any price";
    if (above == borders_.begin()) return "below " + price_text(borders_.front(), currency_);
    if (above == borders_.end()) return "from " + price_text(borders_.back(), currency_);
    return price_text(*(above - 1), currency_) + " to " + price_text(*above, currency_);
  }

 private:
  std::vector<std::int64_t> borders_;
  std::string currency_;
};

}  // namespace

SiteChanges site_changes(std::span<const PageExample> examples, const std::string& policy,
                         const std::string& baseline) {
  std::vector<BeforeAfter> pairs;
  SiteChanges changes;
  double slots = 0;
  for (const PageExample& example : examples) {
    const PolicyExample* after = example.find(policy);
    const PolicyExample* before = example.find(baseline);
    if (after == nullptr || before == nullptr || !after->violations.empty() || !before->violations.empty())
      continue;
    const BeforeAfter& pair =
        pairs.emplace_back(BeforeAfter{&example.request, before->page.items(), after->page.items()});
    changes.pages_changed += before->page == after->page ? 0 : 1;
    const bool both = !pair.before.empty() && !pair.after.empty();
    changes.first_changed += both && pair.before.front() != pair.after.front() ? 1 : 0;
    for (const std::int32_t item : pair.after) {
      changes.slots_new +=
          std::find(pair.before.begin(), pair.before.end(), item) == pair.before.end() ? 1 : 0;
      slots += 1;
    }
  }
  changes.pages = static_cast<std::int64_t>(pairs.size());
  if (pairs.empty()) return changes;
  changes.pages_changed /= static_cast<double>(pairs.size());
  changes.first_changed /= static_cast<double>(pairs.size());
  changes.slots_new /= std::max(1.0, slots);
  changes.categories = share_changes(pairs, [](const Item& item) { return item.category; });
  changes.brands = share_changes(pairs, [](const Item& item) { return item.brand; });
  changes.price_bands = share_changes(pairs, PriceFifths(examples));
  return changes;
}

}  // namespace pagewright
