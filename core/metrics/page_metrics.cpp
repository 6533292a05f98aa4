#include "core/metrics/page_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

double cosine_of(const std::vector<double>& left, const std::vector<double>& right) {
  require(left.size() == right.size(), "intra-list distance: vectors of {} and {} numbers", left.size(),
          right.size());
  double product = 0, left_square = 0, right_square = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    product += left[i] * right[i];
    left_square += left[i] * left[i];
    right_square += right[i] * right[i];
  }
  const double norm = std::sqrt(left_square) * std::sqrt(right_square);
  return norm > 0 ? product / norm : 0.0;
}

const Item& candidate_at(const Request& request, std::int32_t index) {
  require(index >= 0 && static_cast<std::size_t>(index) < request.candidates.size(),
          "page metric: item {} is not one of the {} candidates of request '{}'", index,
          request.candidates.size(), request.id);
  return request.candidates[static_cast<std::size_t>(index)];
}

}  // namespace

const std::string& attribute_of(const Item& item, ItemAttribute attribute) {
  switch (attribute) {
    case ItemAttribute::brand:
      return item.brand;
    case ItemAttribute::seller:
      return item.seller;
    case ItemAttribute::category:
      break;
  }
  return item.category;
}

double intra_list_distance(std::span<const std::vector<double>> vectors, int k) {
  require(k >= 1, "intra-list distance: cut-off {} is below 1", k);
  const std::size_t n = std::min(vectors.size(), static_cast<std::size_t>(k));
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) sum += 1 - cosine_of(vectors[i], vectors[j]);
  return sum / (static_cast<double>(n) * static_cast<double>(n - 1) / 2);
}

double attribute_diversity(const Request& request, const Page& page, ItemAttribute attribute) {
  std::map<std::string_view, std::int64_t> counts;
  std::int64_t slots = 0;
  std::int64_t same_pairs = 0;
  for (const PageSection& section : page.sections)
    for (const std::int32_t index : section.items) {
      ++slots;
      const std::string& value = attribute_of(candidate_at(request, index), attribute);
      if (!value.empty()) same_pairs += counts[value]++;
    }
  const bool known = std::any_of(request.candidates.begin(), request.candidates.end(),
                                 [&](const Item& item) { return !attribute_of(item, attribute).empty(); });
  if (slots < 2 || !known) return std::numeric_limits<double>::quiet_NaN();
  const double pairs = static_cast<double>(slots) * static_cast<double>(slots - 1) / 2;
  return 1 - static_cast<double>(same_pairs) / pairs;
}

double duplicate_rate(const Page& page) {
  std::set<std::int32_t> distinct;
  std::size_t slots = 0;
  for (const PageSection& section : page.sections) {
    slots += section.items.size();
    distinct.insert(section.items.begin(), section.items.end());
  }
  return slots == 0 ? 0.0 : static_cast<double>(slots - distinct.size()) / static_cast<double>(slots);
}

void CoverageTally::add(const Request& request, const Page& page) {
  for (const Item& item : request.candidates) candidates_.insert(item.id);
  for (const PageSection& section : page.sections)
    for (const std::int32_t index : section.items) shown_.insert(candidate_at(request, index).id);
}

double CoverageTally::coverage() const {
  return candidates_.empty() ? 0.0
                             : static_cast<double>(shown_.size()) / static_cast<double>(candidates_.size());
}

void ValidityTally::add(std::span<const std::string> causes) {
  ++pages_;
  if (causes.empty()) ++valid_;
  const std::set<std::string> distinct(causes.begin(), causes.end());
  for (const std::string& cause : distinct) ++causes_[cause];
}

double ValidityTally::rate() const {
  return pages_ == 0 ? 0.0 : static_cast<double>(valid_) / static_cast<double>(pages_);
}

}  // namespace pagewright
