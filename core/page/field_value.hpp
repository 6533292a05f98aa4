#pragma once
// The value of a template's field in a request, as a token of the field's table or as words.

#include <string>

#include "core/page/candidate_facts.hpp"
#include "core/page/request.hpp"
#include "core/page/template_field.hpp"

namespace pagewright {

/// Where a field's value is looked up; what does not apply to the field's group is null.
struct FieldPlace {
  const Request* request = nullptr;
  const HistoryAction* action = nullptr;  ///< of a history field
  const Item* item = nullptr;             ///< of the action or the candidate
  int rank = 0;                           ///< of a candidate, in the request's own order
  const CandidateFacts* facts = nullptr;  ///< of a candidate
};

/// Token of a bucket or hash field.
TokenId field_token(const TemplateField& field, const FieldPlace& place);

/// The value as a reader would write it: "19.99 EUR", "clicked", "3 days ago", "sponsored"; "unknown" if it
/// is absent.
std::string field_words(const TemplateField& field, const FieldPlace& place);

}  // namespace pagewright
