#pragma once
// The candidates of one request as the schema sees them: kinds, pinned items, and the quotas that can bind.

#include <cstdint>
#include <vector>

#include "core/page/page_schema.hpp"
#include "core/page/page_structure.hpp"
#include "core/page/prompt.hpp"

namespace pagewright {

/// A set of candidates of which at least `least` and at most `most` may be on the page: the bearers of one
/// attribute value under a cap, or a price band. Quotas that cannot bind are left out.
struct ItemQuota {
  int least = 0;
  int most = 0;
};

/// Candidates that no rule tells apart: same kind, same quotas, not pinned.
struct ItemClass {
  bool ad = false;
  std::vector<int> quotas;  ///< indices into ItemPool::quotas, ascending
  int size = 0;             ///< candidates of the class
};

/// By place j in the candidate order. Throws Error if a pinned item occurs twice among the candidates or two
/// pinned items want one slot.
struct ItemPool {
  static constexpr int kPinnedAnywhere = -1;
  struct Pin {
    std::int32_t place = 0;      ///< in the candidate order
    int slot = kPinnedAnywhere;  ///< or page-order slot
    bool ad = false;
    std::vector<int> quotas;
  };

  ItemPool(const PageSchema& schema, const Request& request, const CandidateOrder& order);

  int candidates = 0;                    ///< M
  std::vector<char> ad;                  ///< [M]; all 0 if the schema does not tell ads apart
  std::vector<std::int32_t> item_class;  ///< [M] index into classes, or ~index into pins
  std::vector<ItemClass> classes;        ///< in the order in which ItemSelection decides about them
  std::vector<ItemQuota> quotas;
  /// Sets of quotas without common candidates: the values of one attribute, or one price band.
  /// [partitions][...]
  std::vector<std::vector<int>> partitions;
  std::vector<Pin> pins;
  ForcedSlots forced;   ///< of pins with a slot, by slot
  int least_slots = 0;  ///< so that every pinned slot exists
  int free_ads = 0;     ///< candidates that are ads and not pinned
  int free_others = 0;  ///< candidates that are neither
  bool is_simple() const { return quotas.empty(); }

 private:
  void add_caps(const PageSchema& schema, const Request& request, const CandidateOrder& order);
  void add_bands(const PageSchema& schema, const Request& request, const CandidateOrder& order);
  void add_pins(const PageSchema& schema, const Request& request, const CandidateOrder& order);
  bool searched_before(const ItemClass& x, const ItemClass& y) const;
  void make_classes();
  int add_quota(ItemQuota quota, const std::vector<std::int32_t>& members);

  std::vector<std::vector<int>> quotas_of_;  ///< [M]
};

}  // namespace pagewright
