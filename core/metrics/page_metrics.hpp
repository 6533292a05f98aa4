#pragma once
// Metrics of pages without regard to clicks: variety, repeats, coverage of the catalogue, validity with its
// causes.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/request.hpp"

namespace pagewright {

/// Mean over the pairs of the first k vectors of 1 - cosine (intra-list diversity, Ziegler et al. 2005). A
/// zero vector has cosine 0 to every other. Not a number for fewer than two vectors: a single item has no
/// diversity.
double intra_list_distance(std::span<const std::vector<double>> vectors, int k);

/// The attribute by which two items are told apart.
enum class ItemAttribute { category, brand, seller };
/// Empty if the item has none.
const std::string& attribute_of(const Item& item, ItemAttribute attribute);

/// Share of the page's slot pairs whose items differ in the attribute: the intra-list distance of one-hot
/// vectors. Items without the attribute differ from all others. Not a number for fewer than two slots, and
/// where no candidate of the request has the attribute.
double attribute_diversity(const Request& request, const Page& page, ItemAttribute attribute);

/// Share of the page's slots that repeat an item of an earlier slot; 0 for an empty page.
double duplicate_rate(const Page& page);

/// Which of the items that could have been shown were shown, over many pages.
class CoverageTally {
 public:
  void add(const Request& request, const Page& page);
  std::int64_t shown() const { return static_cast<std::int64_t>(shown_.size()); }
  std::int64_t candidates() const { return static_cast<std::int64_t>(candidates_.size()); }
  /// Distinct items shown / distinct candidates; 0 before the first page.
  double coverage() const;

 private:
  std::set<std::string, std::less<>> candidates_;
  std::set<std::string, std::less<>> shown_;
};

/// How many pages were valid, and why the others were not.
class ValidityTally {
 public:
  /// `causes`: the constraints that this page breaks, each counted once per page; empty for a valid page.
  void add(std::span<const std::string> causes);
  std::int64_t pages() const { return pages_; }
  std::int64_t valid() const { return valid_; }
  /// Share of valid pages; 0 before the first page.
  double rate() const;
  /// Pages per cause. A page with two causes counts under both.
  const std::map<std::string, std::int64_t>& causes() const { return causes_; }

 private:
  std::int64_t pages_ = 0;
  std::int64_t valid_ = 0;
  std::map<std::string, std::int64_t> causes_;
};

}  // namespace pagewright
