#include "core/config/config_node.hpp"

#include <utility>

#include <fmt/format.h>

namespace pagewright {

const ConfigNode* ConfigNode::find(std::string_view wanted) const {
  if (kind != Kind::mapping) return nullptr;
  for (const ConfigNode& item : items)
    if (item.key == wanted) return &item;
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view wanted) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(wanted));
}

std::string config_node_text(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "nothing";
    case ConfigNode::Kind::sequence:
      return "a list";
    case ConfigNode::Kind::mapping:
      return "a mapping";
    case ConfigNode::Kind::scalar:
      break;
  }
  return node.quoted ? fmt::format("the text \"{}\"", node.text) : fmt::format("'{}'", node.text);
}

std::string join_config_path(std::string_view path, std::string_view part) {
  if (path.empty()) return std::string(part);
  return fmt::format("{}{}{}", path, part.starts_with('[') ? "" : ".", part);
}

}  // namespace pagewright
