#pragma once
#include <stdexcept>
#include <string>

#include "core/config/config_node.hpp"

namespace pagewright {

/// What is wrong with a text that is not one YAML document.
class YamlSyntaxError : public std::runtime_error {
 public:
  YamlSyntaxError(ConfigOrigin place, const std::string& message)
      : std::runtime_error(message), origin(place) {}
  ConfigOrigin origin;
};

/// Parses one YAML document, aliases resolved; an empty text is a null node. All origins have the given
/// source. Duplicate keys stay in the tree. Throws YamlSyntaxError.
ConfigNode parse_yaml_tree(const std::string& text, int source);

}  // namespace pagewright
