#pragma once
// Why there is no page: which rules of a schema cannot be kept together.

#include <functional>
#include <string>

#include "core/page/page_schema.hpp"

namespace pagewright {

/// Names a set of the schema's rules on items that cannot all be kept while any of them left out would do
/// ("max_ads 1, section type strip holds ads only"). `possible` tells whether a schema has a page. Empty if
/// even without these rules there is none.
std::string conflicting_rules(const PageSchema& schema,
                              const std::function<bool(const PageSchema&)>& possible);

/// The fewest slots that the sections of a page can have.
int least_slots(const PageSchema& schema);

}  // namespace pagewright
