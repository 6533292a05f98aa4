#include <charconv>

#include "core/base/error.hpp"
#include "core/config/config_state.hpp"
#include "core/config/yaml_tree.hpp"

namespace pagewright {
namespace {

/// "terms[0].weight" and "terms.0.weight" give terms, 0, weight.
std::vector<std::string> split_override_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (char character : path) {
    if (character == '.' || character == '[')
      parts.emplace_back();
    else if (character != ']')
      parts.back() += character;
  }
  return parts;
}

/// The element of a list that a part of the path names; throws an Error.
ConfigNode& list_element(ConfigNode& list, const std::string& part, const std::string& path) {
  std::size_t index = 0;
  const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
  require(parsed.ec == std::errc() && parsed.ptr == part.data() + part.size(),
          "'{}' is a list; name its element by a number from 0", path);
  require(index < list.items.size(), "'{}' has {} element{}, counted from 0; there is no {}", path,
          list.items.size(), list.items.size() == 1 ? "" : "s", index);
  return list.items[index];
}

/// The node at `parts`, made if the way to it is free; throws an Error.
ConfigNode& override_target(ConfigNode& root, const std::vector<std::string>& parts,
                            const ConfigOrigin& origin) {
  ConfigNode* node = &root;
  std::string path;
  for (const std::string& part : parts) {
    require(!part.empty(), "the key has an empty part");
    if (node->kind == ConfigNode::Kind::sequence) {
      node = &list_element(*node, part, path);
    } else {
      if (node->kind == ConfigNode::Kind::null) node->kind = ConfigNode::Kind::mapping;
      require(node->kind == ConfigNode::Kind::mapping, "'{}' is {}, so it has no key '{}'", path,
              config_node_text(*node), part);
      ConfigNode* found = node->find(part);
      if (found == nullptr) {
        ConfigNode fresh;
        fresh.key = part;
        fresh.origin = fresh.key_origin = origin;
        node->items.push_back(std::move(fresh));
        found = &node->items.back();
      }
      node = found;
    }
    path = join_config_path(path, part);
  }
  return *node;
}

void put_override(ConfigState& state, const std::string& text, const ConfigOrigin& origin) {
  const std::size_t sign = text.find('=');
  require(sign != std::string::npos && sign > 0, "write it as --set KEY=VALUE");
  ConfigNode value = parse_yaml_tree(text.substr(sign + 1), origin.source);
  ConfigNode& target = override_target(state.root, split_override_path(text.substr(0, sign)), origin);
  value.key = target.key;
  value.key_origin = origin;
  value.origin = origin;
  target = std::move(value);
}

}  // namespace

void apply_override(ConfigState& state, std::size_t index) {
  const ConfigOrigin origin{static_cast<int>(index) + 1, 1, 1};
  try {
    put_override(state, state.sets[index], origin);
  } catch (const std::exception& error) {
    state.complain(origin, error.what());
  }
}

}  // namespace pagewright
