#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// Where a piece of the configuration comes from.
struct ConfigOrigin {
  int source = 0;  ///< 0: the file; i: the i-th `--set`, counted from 1
  int line = 1;    ///< counted from 1
  int column = 1;  ///< counted from 1
};

/// One node of the parsed YAML. The tree no longer changes once sections point into it, except for the marks
/// that reading leaves.
struct ConfigNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  ConfigOrigin origin;            ///< of the value
  ConfigOrigin key_origin;        ///< of the key before it; of the value where there is no key
  std::string key;                ///< inside a mapping
  std::string text;               ///< of a scalar
  bool quoted = false;            ///< the scalar was written in quotes or as a block of text
  std::vector<ConfigNode> items;  ///< of a sequence, or the values of a mapping in the order of the file

  bool read_as_section = false;         ///< mark: its keys must all be known
  std::vector<std::string> known_keys;  ///< mark: the keys that were asked for

  /// The value of a key of a mapping, or nullptr.
  ConfigNode* find(std::string_view wanted);
  const ConfigNode* find(std::string_view wanted) const;
};

/// As messages name the content: "a list", "a mapping", "nothing", "'high'".
std::string config_node_text(const ConfigNode& node);

/// "ppo" and "clip" give "ppo.clip"; "terms" and "[1]" give "terms[1]".
std::string join_config_path(std::string_view path, std::string_view part);

}  // namespace pagewright
