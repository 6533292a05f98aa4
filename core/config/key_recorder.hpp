#pragma once
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pagewright {

/// One key as it was read.
struct KeyRecord {
  enum class Kind { value, section, optional_section, section_list, section_map, element };
  Kind kind = Kind::value;
  std::string path;                ///< "ppo.clip", "terms[0].weight", "sections.grid.slots"
  std::vector<std::string> parts;  ///< the same, split; a list index is "[0]"
  std::string type;                ///< "integer", "number", "list of text", "one of a, b"; empty for sections
  std::string default_value;       ///< as YAML; empty if required
  std::string value;               ///< as YAML: what is in force
  std::string doc;
  std::string range;  ///< "in (0, 1)"; may be empty
  std::string unit;   ///< may be empty
  bool required = false;
  bool given = false;  ///< by the file or the command line
};

/// The keys of a configuration in the order in which they were read.
class KeyRecorder {
 public:
  /// A key that is read again replaces its record.
  void add(KeyRecord record);
  const std::vector<KeyRecord>& records() const { return records_; }

 private:
  std::vector<KeyRecord> records_;
  std::unordered_map<std::string, std::size_t> index_;  ///< path to record
};

/// The configuration in force as commented YAML, defaults included; it loads again to the same values. The
/// sections with the paths in `without` are left out.
std::string effective_yaml(const KeyRecorder& keys, std::initializer_list<std::string_view> without = {});

/// A Markdown page with one table of keys per section, for what was read from reference_config().
std::string configuration_reference_markdown(const KeyRecorder& keys);

}  // namespace pagewright
