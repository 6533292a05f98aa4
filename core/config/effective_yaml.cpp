#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/config/config_value.hpp"
#include "core/config/key_recorder.hpp"

namespace pagewright {
namespace {

/// The records as the tree they come from.
struct EffectiveNode {
  std::string part;
  const KeyRecord* record = nullptr;
  std::vector<EffectiveNode> below;

  EffectiveNode& make(const std::string& wanted) {
    const auto found = std::ranges::find(below, wanted, &EffectiveNode::part);
    if (found != below.end()) return *found;
    below.push_back({wanted, nullptr, {}});
    return below.back();
  }
};

/// "number in (0, 1), nats, default 0.2"
std::string effective_remark(const KeyRecord& record) {
  std::string text = record.type;
  if (!record.range.empty()) text += " " + record.range;
  if (!record.unit.empty()) text += ", " + record.unit;
  if (record.required) return text + ", required";
  return text + (record.given ? ", default " + record.default_value : ", default");
}

void add_comment(std::string& yaml, const std::string& indent, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    yaml += fmt::format("{}# {}\n", indent, text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

void add_effective_nodes(std::string& yaml, const EffectiveNode& parent, std::size_t depth);

void add_effective_section(std::string& yaml, const EffectiveNode& node, const std::string& indent,
                           std::size_t depth) {
  using Kind = KeyRecord::Kind;
  const Kind kind = node.record == nullptr ? Kind::section : node.record->kind;
  if (node.record != nullptr) add_comment(yaml, indent, node.record->doc);
  const std::string key =
      kind == Kind::element && node.part.starts_with('[') ? "-" : yaml_text(node.part) + ":";
  if (!node.below.empty()) {
    yaml += indent + key + "\n";
    add_effective_nodes(yaml, node, depth + 1);
  } else if (node.record != nullptr && node.record->given) {
    yaml += fmt::format("{}{} {}\n", indent, key, kind == Kind::section_list ? "[]" : "{}");
  } else {
    yaml += fmt::format("{}# {} (left out)\n", indent, key);
  }
}

void add_effective_nodes(std::string& yaml, const EffectiveNode& parent, std::size_t depth) {
  const std::string indent(depth * 2, ' ');
  for (const EffectiveNode& node : parent.below) {
    if (node.record == nullptr || node.record->kind != KeyRecord::Kind::value) {
      add_effective_section(yaml, node, indent, depth);
      continue;
    }
    add_comment(yaml, indent, fmt::format("{} [{}]", node.record->doc, effective_remark(*node.record)));
    yaml += fmt::format("{}{}: {}\n", indent, yaml_text(node.part), node.record->value);
  }
}

}  // namespace

std::string effective_yaml(const KeyRecorder& keys, std::initializer_list<std::string_view> without) {
  EffectiveNode root;
  for (const KeyRecord& record : keys.records()) {
    const auto holds_it = [&](std::string_view section) {
      return record.path == section || record.path.starts_with(fmt::format("{}.", section));
    };
    if (std::ranges::any_of(without, holds_it)) continue;
    EffectiveNode* node = &root;
    for (const std::string& part : record.parts) node = &node->make(part);
    node->record = &record;
  }
  std::string yaml;
  add_effective_nodes(yaml, root, 0);
  return yaml;
}

}  // namespace pagewright
