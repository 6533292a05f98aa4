#include "launch/export/grammar_text.hpp"

#include <fmt/format.h>

namespace pagewright {
namespace {

/// A rule's name for a section type: letters, digits and dashes alone.
std::string rule_name(const PageSchema& schema, int type) {
  std::string name = fmt::format("section-{}-", type);
  for (const char c : schema.section_types[static_cast<std::size_t>(type)].name)
    name += std::isalnum(static_cast<unsigned char>(c)) ? c : '-';
  return name;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string page_rule(const PageLanguage& language) {
  const PageSchema& schema = language.schema();
  const std::string end = quoted(language.token_name(language.vocabulary().page_end()));
  std::string rule = "root ::= ";
  if (!schema.section_order.empty()) {
    for (const int type : schema.section_order) rule += rule_name(schema, type) + " ";
    return rule + end + "\n";
  }
  rule += fmt::format("section{{{},{}}} {}\nsection ::= ", schema.min_sections, schema.max_sections, end);
  for (int type = 0; type < static_cast<int>(schema.section_types.size()); ++type)
    rule += (type == 0 ? "" : " | ") + rule_name(schema, type);
  return rule + "\n";
}

std::string comments(const PageSchema& schema) {
  std::string text =
      "# Pages of this model, for every request. Besides, as `pagewright generate` sees to it:\n"
      "# no item twice; <item:j> only for j below the number of candidates\n";
  if (schema.section_order.empty() && !schema.repeat_sections) text += "# no section type twice\n";
  if (schema.max_ads) text += fmt::format("# at most {} ads\n", *schema.max_ads);
  if (schema.min_ad_gap > 0) text += fmt::format("# at least {} slots between two ads\n", schema.min_ad_gap);
  for (const AttributeCap& cap : schema.caps)
    text += fmt::format("# at most {} slots of one {}\n", cap.max_count, cap.attribute);
  for (const PriceBand& band : schema.price_bands)
    text += fmt::format("# {} to {} slots with a price from {} to below {} minor units\n", band.min_count,
                        band.max_count ? fmt::format("{}", *band.max_count) : "any", band.min_price,
                        band.max_price ? fmt::format("{}", *band.max_price) : "any");
  for (const PinnedItem& item : schema.pinned)
    text += fmt::format("# item {} must be on the page when it is a candidate{}\n", item.item_id,
                        item.slot ? fmt::format(", in slot {}", *item.slot) : "");
  for (const SlotRule& rule : schema.slot_rules)
    text += fmt::format("# slot {} {}\n", rule.slot,
                        rule.kind == SlotRule::Kind::forbid_ads ? "holds no ad" : "holds an ad");
  for (const SectionType& type : schema.section_types)
    if (type.ads_only || !type.ads_allowed)
      text += fmt::format("# section {} holds {}\n", type.name, type.ads_only ? "ads alone" : "no ads");
  return text;
}

}  // namespace

std::string page_grammar_text(const PageLanguage& language) {
  const PageSchema& schema = language.schema();
  const LayoutVocabulary& vocabulary = language.vocabulary();
  std::string text = comments(schema) + page_rule(language);
  for (int type = 0; type < vocabulary.section_types(); ++type) {
    const SectionType& section = schema.section_types[static_cast<std::size_t>(type)];
    text += fmt::format("{} ::= {} item{{{},{}}} {}\n", rule_name(schema, type),
                        quoted(language.token_name(vocabulary.section(type))), section.min_slots,
                        section.max_slots, quoted(language.token_name(vocabulary.section_end())));
  }
  text += "item ::= ";
  for (int place = 0; place < vocabulary.max_candidates(); ++place)
    text += fmt::format("{}{}",
                        place == 0       ? ""
                        : place % 8 == 0 ? "\n  | "
                                         : " | ",
                        quoted(language.token_name(vocabulary.item(place))));
  return text + "\n";
}

}  // namespace pagewright
