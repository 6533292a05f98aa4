#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/table.hpp"
#include "core/config/config_node.hpp"
#include "core/config/key_recorder.hpp"

namespace pagewright {
namespace {

struct ReferenceSection {
  std::string path;
  std::string doc;
  std::vector<std::pair<std::string, const KeyRecord*>> keys;
};

/// The path of the first `count` parts, every list element being "[]".
std::string reference_path(const KeyRecord& record, std::size_t count) {
  std::string path;
  for (std::size_t i = 0; i < count; ++i)
    path = join_config_path(path, record.parts[i].starts_with('[') ? "[]" : record.parts[i]);
  return path;
}

ReferenceSection& reference_section(std::vector<ReferenceSection>& sections, const std::string& path) {
  const auto found = std::ranges::find(sections, path, &ReferenceSection::path);
  if (found != sections.end()) return *found;
  sections.push_back({path, "", {}});
  return sections.back();
}

std::string reference_section_doc(const KeyRecord& record) {
  switch (record.kind) {
    case KeyRecord::Kind::section_list:
      return record.doc + " (a list of sections)";
    case KeyRecord::Kind::section_map:
      return record.doc + " (a section for each name)";
    case KeyRecord::Kind::optional_section:
      return record.doc + " (may be left out)";
    default:
      return record.doc;
  }
}

void add_reference_record(std::vector<ReferenceSection>& sections, const KeyRecord& record) {
  using Kind = KeyRecord::Kind;
  const std::string path = reference_path(record, record.parts.size());
  if (record.kind == Kind::element) return;
  if (record.kind == Kind::section_list) {
    reference_section(sections, path + "[]").doc = reference_section_doc(record);
  } else if (record.kind == Kind::section_map) {
    reference_section(sections, path + ".<name>").doc = reference_section_doc(record);
  } else if (record.kind != Kind::value) {
    reference_section(sections, path).doc = reference_section_doc(record);
  } else {
    auto& keys = reference_section(sections, reference_path(record, record.parts.size() - 1)).keys;
    const bool known =
        std::ranges::any_of(keys, [&](const auto& key) { return key.first == record.parts.back(); });
    if (!known) keys.emplace_back(record.parts.back(), &record);
  }
}

std::string reference_type(const KeyRecord& record) {
  std::string text = record.type;
  if (!record.range.empty()) text += " " + record.range;
  if (!record.unit.empty()) text += ", " + record.unit;
  return text;
}

}  // namespace

std::string configuration_reference_markdown(const KeyRecorder& keys) {
  std::vector<ReferenceSection> sections;
  for (const KeyRecord& record : keys.records()) add_reference_record(sections, record);
  std::string page;
  for (const ReferenceSection& section : sections) {
    if (section.keys.empty() && section.doc.empty()) continue;
    page += page.empty() ? "" : "\n";
    page += section.path.empty() ? "## Top level\n" : fmt::format("## `{}`\n", section.path);
    if (!section.doc.empty()) page += fmt::format("\n{}\n", section.doc);
    if (section.keys.empty()) continue;
    Table table({"key", "type", "default", "meaning"});
    for (const auto& [name, record] : section.keys)
      table.add_row({fmt::format("`{}`", name), reference_type(*record),
                     record->required ? "required" : fmt::format("`{}`", record->default_value),
                     record->doc});
    page += "\n" + table.to_markdown();
  }
  return page;
}

}  // namespace pagewright
