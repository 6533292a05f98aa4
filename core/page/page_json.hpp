#pragma once
// Requests and pages as JSON: one object, docs/page-language.md lists its keys. Reading is strict: a wrong,
// missing or unknown key is an Error that begins with the key's path, "candidates[3].price: must be an
// integer >= 0 ...".

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/request.hpp"

namespace pagewright {

class JsonObject;

/// Probabilities with which a page was drawn.
struct PagePropensities {
  std::optional<double> page;  ///< of the whole page
  std::vector<double> slots;   ///< [K] of each slot's item given the slots before it; empty if unknown
  bool operator==(const PagePropensities&) const = default;
};

/// What stands in a page's JSON beside request and page; empty fields are left out.
struct PageJsonFields {
  std::string page_id;
  std::string policy_id;
  PagePropensities propensities;
  bool operator==(const PageJsonFields&) const = default;
};

/// Reads a request. The keys of a page may stand beside it and are skipped, and so are `other_keys`; the id
/// is `request_id`, or else `page_id`.
Request request_from_json(const JsonObject& root, std::span<const std::string_view> other_keys = {});
Request request_from_json(std::string_view text, std::span<const std::string_view> other_keys = {});

/// One line. Reading it gives the request back exactly. Throws Error for what JSON cannot hold: a feature
/// that is not finite, text that is not UTF-8, a context key with a meaning of its own (user, query).
std::string request_to_json(const Request& request);

/// One line: the request, the page's sections by type and item ids, and the fields.
std::string page_to_json(const PageSchema& schema, const Request& request, const Page& page,
                         const PageJsonFields& fields = {});

/// One line: {"order": [...], "sections": {...}}, as in page_to_json().
std::string sections_to_json(const PageSchema& schema, const Request& request, const Page& page);

/// Reads the sections of a page for a request. Throws Error for an unknown section type or an item that is
/// not among the request's candidates; whether the page keeps the schema's rules is page_violations()'s
/// business.
Page page_from_json(const PageSchema& schema, const Request& request, const JsonObject& root);
Page page_from_json(const PageSchema& schema, const Request& request, std::string_view text);

/// Reads page_id, policy_id and the propensities.
PageJsonFields page_fields_from_json(const JsonObject& root);
PageJsonFields page_fields_from_json(std::string_view text);

}  // namespace pagewright
