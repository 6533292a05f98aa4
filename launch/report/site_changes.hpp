#pragma once
// What would change on the site if a policy took over.

#include <span>
#include <string>
#include <vector>

#include "launch/page_examples.hpp"

namespace pagewright {

/// Share of all slots that items of one kind hold, 0 to 1.
struct ShareChange {
  std::string value;
  double before = 0;
  double after = 0;
  double change() const { return after - before; }
};

struct SiteChanges {
  std::int64_t pages = 0;    ///< compared
  double pages_changed = 0;  ///< share whose page differs in any way
  double first_changed = 0;  ///< share whose first slot holds another item
  double slots_new = 0;      ///< share of slots whose item was not on the page before
  /// Most promoted first. Items that lack the attribute are counted as "none".
  std::vector<ShareChange> categories, brands, price_bands;
};

/// Compares two policies' pages of the same requests. Price bands are fifths of all candidates' prices, in
/// the currency that most of them have.
SiteChanges site_changes(std::span<const PageExample> examples, const std::string& policy,
                         const std::string& baseline);

}  // namespace pagewright
