#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/suggestion.hpp"
#include "core/config/config_state.hpp"

namespace pagewright {
namespace {

void remove_duplicate_keys(ConfigState& state, ConfigNode& node, const std::string& path) {
  if (node.kind == ConfigNode::Kind::mapping) {
    std::vector<ConfigNode> kept;
    for (ConfigNode& item : node.items) {
      const auto first = std::ranges::find(kept, item.key, &ConfigNode::key);
      if (first == kept.end()) {
        kept.push_back(std::move(item));
      } else {
        state.complain(item.key_origin,
                       fmt::format("duplicate key '{}'; it is first at {}", join_config_path(path, item.key),
                                   state.place(first->key_origin)));
      }
    }
    node.items = std::move(kept);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const bool listed = node.kind == ConfigNode::Kind::sequence;
    const std::string part = listed ? fmt::format("[{}]", i) : node.items[i].key;
    remove_duplicate_keys(state, node.items[i], join_config_path(path, part));
  }
}

/// The nearest key of the same section; else the same name in another section, with its path.
std::string unknown_key_hint(const ConfigState& state, const ConfigNode& section, const std::string& key) {
  std::string hint = did_you_mean(key, section.known_keys);
  if (!hint.empty()) return hint;
  for (const KeyRecord& record : state.keys.records())
    if (!record.parts.empty() && record.parts.back() == key) return "; did you mean '" + record.path + "'?";
  return "";
}

void collect_unknown_keys(const ConfigState& state, const ConfigNode& node, const std::string& path,
                          std::vector<ConfigState::Problem>& problems) {
  const bool listed = node.kind == ConfigNode::Kind::sequence;
  if (!listed && !node.read_as_section) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const ConfigNode& item = node.items[i];
    const std::string item_path = join_config_path(path, listed ? fmt::format("[{}]", i) : item.key);
    if (listed || std::ranges::find(node.known_keys, item.key) != node.known_keys.end())
      collect_unknown_keys(state, item, item_path, problems);
    else
      problems.push_back({item.key_origin, fmt::format("unknown key '{}'{}", item_path,
                                                       unknown_key_hint(state, node, item.key))});
  }
}

}  // namespace

void report_duplicate_keys(ConfigState& state) {
  remove_duplicate_keys(state, state.root, "");
}

std::vector<ConfigState::Problem> unknown_key_problems(const ConfigState& state) {
  std::vector<ConfigState::Problem> problems;
  collect_unknown_keys(state, state.root, "", problems);
  return problems;
}

}  // namespace pagewright
