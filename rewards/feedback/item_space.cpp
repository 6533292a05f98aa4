#include "rewards/feedback/item_space.hpp"

#include <cmath>
#include <optional>
#include <utility>

namespace pagewright {
namespace {

std::optional<double> log_price(const Item& item) {
  if (!item.price) return std::nullopt;
  return std::log(static_cast<double>(*item.price) + 1);
}

std::optional<double> feature_of(const Item& item, const std::string& name) {
  const auto found = item.features.find(name);
  return found == item.features.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void ItemSpace::Scale::add(double value) {
  sum += value;
  squares += value * value;
  count += 1;
}

double ItemSpace::Scale::gap(double first, double second) const {
  if (count == 0) return 0;
  const double mean = sum / count, variance = squares / count - mean * mean;
  if (!(variance > 1e-12 * (1 + mean * mean))) return 0;
  return (first - second) * (first - second) / (2 * variance);
}

ItemSpace::ItemSpace(const FeedbackLog& log, std::string vector_prefix)
    : vector_prefix_(std::move(vector_prefix)) {
  if (!vector_prefix_.empty()) return;
  for (const LoggedRequest& logged : log.requests) {
    if (logged.split != Split::train) continue;
    for (const Item& item : logged.request.candidates) {
      if (const auto price = log_price(item)) price_.add(*price);
      for (const auto& [name, value] : item.features) features_[name].add(value);
    }
  }
}

double ItemSpace::distance(const Item& first, const Item& second) const {
  if (!vector_prefix_.empty()) return cosine_distance(first, second);
  const auto part = [](const std::optional<double>& one, const std::optional<double>& other,
                       const Scale& scale) {
    if (one && other) return scale.gap(*one, *other);
    return one || other ? 1.0 : 0.0;
  };
  double sum = (first.category != second.category ? 1.0 : 0.0) + (first.brand != second.brand ? 1.0 : 0.0) +
               (first.seller != second.seller ? 1.0 : 0.0) +
               part(log_price(first), log_price(second), price_);
  double features = 0;
  for (const auto& [name, scale] : features_)
    features += part(feature_of(first, name), feature_of(second, name), scale);
  if (!features_.empty()) sum += features / static_cast<double>(features_.size());
  return sum;
}

double ItemSpace::cosine_distance(const Item& first, const Item& second) const {
  const auto product = [&](const Item& one, const Item& other) {
    double sum = 0;
    for (auto at = one.features.lower_bound(vector_prefix_);
         at != one.features.end() && at->first.starts_with(vector_prefix_); ++at)
      sum += at->second * feature_of(other, at->first).value_or(0);
    return sum;
  };
  const double lengths = product(first, first) * product(second, second);
  return lengths > 0 ? 1 - product(first, second) / std::sqrt(lengths) : 1;
}

}  // namespace pagewright
