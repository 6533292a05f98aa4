#pragma once
// One entry of a prompt template: words and fields in the order in which they are rendered.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/template_field.hpp"

namespace pagewright {

/// Words as they stand, or a field.
struct TemplatePart {
  std::string words;
  std::optional<TemplateField> field;

  bool is_text() const { return !field || field->kind == TemplateField::Kind::text; }
};

using TemplateParts = std::vector<TemplatePart>;

/// Reads "{title|text:24}, {brand|text:8} for {price|text}": fields in braces, words around them; `{{` and
/// `}}` stand for braces. Throws Error as parse_template_field, and for a brace that is not closed.
TemplateParts parse_template_entry(std::string_view text, TemplateGroup group);

/// The parts as they would be written, one line each.
std::string template_parts_text(const TemplateParts& parts);

}  // namespace pagewright
