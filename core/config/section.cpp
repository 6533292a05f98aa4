#include "core/config/section.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/config/config_state.hpp"

namespace pagewright {

Section::Section(std::shared_ptr<ConfigState> state, ConfigNode* node, const ConfigNode* place,
                 std::string path, std::vector<std::string> parts)
    : state_(std::move(state)),
      node_(node),
      place_(place),
      path_(std::move(path)),
      parts_(std::move(parts)) {}

std::string Section::path_of(std::string_view key) const {
  return join_config_path(path_, key);
}

ConfigNode* Section::find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  if (std::ranges::find(node_->known_keys, key) == node_->known_keys.end())
    node_->known_keys.emplace_back(key);
  return node_->find(key);
}

bool Section::has(std::string_view key) const {
  return node_ != nullptr && node_->find(key) != nullptr;
}

std::string Section::where(std::string_view key) const {
  const ConfigNode* value = node_ == nullptr ? nullptr : std::as_const(*node_).find(key);
  return state_->place(value == nullptr ? place_->key_origin : value->origin);
}

void Section::complain(std::string_view key, std::string_view message) const {
  if (state_->reference) return;
  const ConfigNode* value = node_ == nullptr ? nullptr : std::as_const(*node_).find(key);
  state_->complain(value == nullptr ? place_->key_origin : value->origin, std::string(message));
}

void Section::missing(std::string_view key, std::string_view doc) const {
  if (state_->reference) return;
  state_->complain(place_->key_origin, fmt::format("missing key '{}': {}", path_of(key), doc));
}

Section Section::below(ConfigNode* node, const std::string& part) const {
  if (node != nullptr) node->read_as_section = true;
  std::vector<std::string> parts = parts_;
  parts.push_back(part);
  return Section(state_, node, node == nullptr ? place_ : node, path_of(part), std::move(parts));
}

ConfigNode* Section::of_kind(ConfigNode* node, bool list, const std::string& path) const {
  if (node == nullptr) return nullptr;
  if (node->kind == (list ? ConfigNode::Kind::sequence : ConfigNode::Kind::mapping)) return node;
  // An empty section is one whose keys are all commented out.
  if (node->kind != ConfigNode::Kind::null || list)
    state_->complain(node->origin, fmt::format("'{}' must be a {}, not {}", path, list ? "list" : "mapping",
                                               config_node_text(*node)));
  return nullptr;
}

void Section::record_section(std::string_view key, KeyRecord::Kind kind, std::string_view doc,
                             bool given) const {
  KeyRecord record = value_record(key, "", doc, false);
  record.kind = kind;
  record.given = given;
  state_->keys.add(std::move(record));
}

KeyRecord Section::value_record(std::string_view key, std::string type, std::string_view doc,
                                bool required) const {
  KeyRecord record;
  record.path = path_of(key);
  record.parts = parts_;
  record.parts.emplace_back(key);
  record.type = std::move(type);
  record.doc = doc;
  record.required = required;
  record.given = has(key);
  return record;
}

Section Section::child(std::string_view key, std::string_view doc) const {
  ConfigNode* node = find(key);
  record_section(key, KeyRecord::Kind::section, doc, node != nullptr);
  return below(of_kind(node, false, path_of(key)), std::string(key));
}

std::optional<Section> Section::optional_child(std::string_view key, std::string_view doc) const {
  ConfigNode* node = find(key);
  record_section(key, KeyRecord::Kind::optional_section, doc, node != nullptr);
  if (node == nullptr && !state_->reference) return std::nullopt;
  return below(of_kind(node, false, path_of(key)), std::string(key));
}

Section Section::element(ConfigNode& item, const std::string& part) const {
  record_section(part, KeyRecord::Kind::element, "", true);
  return below(of_kind(&item, false, path_of(part)), part);
}

std::vector<Section> Section::children(std::string_view key, std::string_view doc) const {
  ConfigNode* list = find(key);
  record_section(key, KeyRecord::Kind::section_list, doc, list != nullptr);
  list = of_kind(list, true, path_of(key));
  const Section parent = below(nullptr, std::string(key));
  if (state_->reference && list == nullptr) return {parent.below(nullptr, "[]")};
  std::vector<Section> sections;
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i)
    sections.push_back(parent.element(list->items[i], fmt::format("[{}]", i)));
  return sections;
}

std::vector<Section> Section::named_children(std::string_view key, std::string_view doc) const {
  ConfigNode* map = find(key);
  record_section(key, KeyRecord::Kind::section_map, doc, map != nullptr);
  map = of_kind(map, false, path_of(key));
  const Section parent = below(map, std::string(key));
  if (state_->reference && map == nullptr) return {parent.below(nullptr, "<name>")};
  std::vector<Section> sections;
  for (std::size_t i = 0; map != nullptr && i < map->items.size(); ++i) {
    map->known_keys.push_back(map->items[i].key);
    sections.push_back(parent.element(map->items[i], map->items[i].key));
  }
  return sections;
}

}  // namespace pagewright
