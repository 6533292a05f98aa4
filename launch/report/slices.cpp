#include "launch/report/slices.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace pagewright {
namespace {

constexpr std::size_t kMostContextValues = 12;

/// Median price of the candidates; not a number without prices.
double median_price(const Request& request) {
  std::vector<double> prices;
  for (const Item& item : request.candidates)
    if (item.price) prices.push_back(static_cast<double>(*item.price));
  if (prices.empty()) return kNotMeasured;
  const auto middle = prices.begin() + static_cast<std::ptrdiff_t>(prices.size() / 2);
  std::nth_element(prices.begin(), middle, prices.end());
  return *middle;
}

/// Borders between thirds.
std::pair<double, double> price_thirds(std::vector<double> prices) {
  std::erase_if(prices, [](double price) { return std::isnan(price); });
  if (prices.empty()) return {kNotMeasured, kNotMeasured};
  std::sort(prices.begin(), prices.end());
  return {prices[prices.size() / 3], prices[2 * prices.size() / 3]};
}

std::string history_words(std::size_t actions) {
  if (actions == 0) return "nothing";
  if (actions <= 2) return "1 or 2 actions";
  return actions <= 5 ? "3 to 5 actions" : "6 actions or more";
}

std::map<std::string, std::set<std::string>> context_values(std::span<const PageExample> examples) {
  std::map<std::string, std::set<std::string>> values;
  for (const PageExample& example : examples)
    for (const auto& [key, value] : example.request.context) values[key].insert(value);
  return values;
}

std::string slice_user(const PageExample& example) {
  return example.request.user.empty() ? "request " + std::to_string(example.key)
                                      : "user " + example.request.user;
}

/// Values of one policy, [examples]; empty if it is missing.
std::vector<double> slice_values(std::span<const PageExample> examples, const std::string& policy,
                                 double PageMetrics::*metric) {
  std::vector<double> values;
  for (const PageExample& example : examples) {
    const PolicyExample* found = example.find(policy);
    if (found == nullptr) return {};
    values.push_back(found->metrics.*metric);
  }
  return values;
}

}  // namespace

std::vector<std::vector<SliceName>> slices_of(std::span<const PageExample> examples) {
  const auto values = context_values(examples);
  std::vector<double> prices;
  for (const PageExample& example : examples) prices.push_back(median_price(example.request));
  const auto [low, high] = price_thirds(prices);
  const bool revisits =
      std::any_of(examples.begin(), examples.end(), [](const PageExample& e) { return e.same_list; });

  std::vector<std::vector<SliceName>> slices(examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    std::vector<SliceName>& names = slices[i];
    for (const auto& [key, value] : examples[i].request.context)
      if (values.at(key).size() <= kMostContextValues) names.emplace_back(key, value);
    if (!std::isnan(prices[i]))
      names.emplace_back("price level", prices[i] < low ? "low" : prices[i] < high ? "middle" : "high");
    names.emplace_back("known of the shopper", history_words(examples[i].request.history.size()));
    if (revisits) names.emplace_back("view", examples[i].same_list ? "same list again" : "first view");
  }
  return slices;
}

std::vector<SliceResult> compare_slices(std::span<const PageExample> examples, const std::string& policy,
                                        const std::string& baseline, double PageMetrics::*metric,
                                        const BootstrapOptions& options) {
  const std::vector<double> left = slice_values(examples, policy, metric);
  const std::vector<double> right = slice_values(examples, baseline, metric);
  if (left.empty() || right.empty()) return {};
  std::map<SliceName, std::vector<std::size_t>> members;
  const auto slices = slices_of(examples);
  for (std::size_t i = 0; i < examples.size(); ++i)
    for (const SliceName& name : slices[i]) members[name].push_back(i);

  std::vector<SliceResult> results;
  std::vector<RatioColumn> columns;
  for (const auto& [name, chosen] : members) {
    if (chosen.size() == examples.size()) continue;
    std::vector<double> slice_left(examples.size(), kNotMeasured);
    double baseline_sum = 0, baseline_count = 0;
    for (const std::size_t i : chosen) {
      slice_left[i] = left[i];
      if (std::isnan(left[i]) || std::isnan(right[i])) continue;
      baseline_sum += right[i];
      baseline_count += 1;
    }
    if (baseline_count == 0) continue;
    results.push_back({name, {}, baseline_sum / baseline_count});
    columns.push_back(difference_column(slice_left, right));
  }
  if (results.empty()) return results;
  std::vector<std::string> users;
  for (const PageExample& example : examples) users.push_back(slice_user(example));
  const std::vector<Estimate> estimates = bootstrap_by_user(number_users(users), columns, options);
  for (std::size_t i = 0; i < results.size(); ++i) results[i].difference = estimates[i];
  std::stable_sort(results.begin(), results.end(), [](const SliceResult& a, const SliceResult& b) {
    const auto rank = [](const SliceResult& r) { return r.difference.high < 0 ? 0 : 1; };
    return std::pair(rank(a), a.difference.mean) < std::pair(rank(b), b.difference.mean);
  });
  return results;
}

}  // namespace pagewright
