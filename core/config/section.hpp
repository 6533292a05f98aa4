#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/key_recorder.hpp"
#include "core/config/range.hpp"

namespace pagewright {

struct ConfigState;
struct ConfigNode;

/// Where read() puts a value; its present content is the default. Numbers written in quotes, `1.5` for a
/// whole number and `yes` for a bool are refused. A std::optional accepts `null`.
using ConfigTarget =
    std::variant<bool*, int*, int64_t*, uint64_t*, float*, double*, std::string*, std::filesystem::path*,
                 std::optional<int>*, std::optional<int64_t>*, std::optional<double>*,
                 std::optional<std::string>*, std::optional<std::filesystem::path>*, std::vector<int>*,
                 std::vector<int64_t>*, std::vector<uint64_t>*, std::vector<double>*, std::vector<bool>*,
                 std::vector<std::string>*, std::vector<std::filesystem::path>*,
                 std::map<std::string, std::string>*, std::map<std::string, double>*>;

/// One mapping of a configuration file: a cheap handle; copies are the same section. Each configuration
/// struct reads itself:
///
///     struct PpoConfig {
///       double clip = 0.2;
///       static PpoConfig from(Section section) {
///         PpoConfig config;
///         section.read("clip", config.clip, in_open(0, 1), "clip range of the probability ratio");
///         return config;
///       }
///     };
///
/// Nothing here throws on a wrong file. Errors are collected, reads leave the default, and
/// ConfigFile::finish() reports them all at once, together with the keys that nobody read. Each read
/// documents its key: the effective configuration and docs/configuration.md are made of these records.
class Section {
 public:
  template <class T>
  void read(std::string_view key, T& value, std::string_view doc) const {
    read_target(key, ConfigTarget(&value), any_number(), doc, false);
  }
  template <class T>
  void read(std::string_view key, T& value, const Range& range, std::string_view doc) const {
    read_target(key, ConfigTarget(&value), range, doc, false);
  }
  /// As read(), but a missing key is an error.
  template <class T>
  void read_required(std::string_view key, T& value, std::string_view doc) const {
    read_target(key, ConfigTarget(&value), any_number(), doc, true);
  }
  template <class T>
  void read_required(std::string_view key, T& value, const Range& range, std::string_view doc) const {
    read_target(key, ConfigTarget(&value), range, doc, true);
  }
  template <class T>
  T get(std::string_view key, T fallback, const Range& range, std::string_view doc) const {
    read(key, fallback, range, doc);
    return fallback;
  }
  template <class T>
  T get(std::string_view key, T fallback, std::string_view doc) const {
    read(key, fallback, doc);
    return fallback;
  }

  /// Reads the key that says where relative paths of the file start, and lets all paths that are read
  /// afterwards start there; those of `--set` always start at the process's working directory. An absent key
  /// is recorded as that directory, so that the effective configuration means the same wherever it is read.
  void read_working_directory(std::string_view key, std::string_view doc) const;

  template <class Enum>
  using Names = std::initializer_list<std::pair<std::string_view, std::type_identity_t<Enum>>>;

  /// One of the given names: section.read_enum("form", form, {{"utility", Form::utility}, ...}, "doc").
  /// The present value must be in the table.
  template <class Enum>
    requires std::is_enum_v<Enum>
  void read_enum(std::string_view key, Enum& value, Names<Enum> names, std::string_view doc) const {
    pick_enum(key, value, names, doc, false);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void read_required_enum(std::string_view key, Enum& value, Names<Enum> names, std::string_view doc) const {
    pick_enum(key, value, names, doc, true);
  }
  /// A list of such names.
  template <class Enum>
    requires std::is_enum_v<Enum>
  void read_enum(std::string_view key, std::vector<Enum>& values, Names<Enum> names,
                 std::string_view doc) const {
    const auto [texts, enums] = split_names<Enum>(names);
    std::vector<int> indices;
    for (Enum value : values) indices.push_back(index_of(enums, value));
    read_choices(key, texts, indices, doc);
    values.clear();
    for (int index : indices) values.push_back(enums[static_cast<std::size_t>(index)]);
  }

  /// A nested mapping; one that the file lacks reads as empty, so that its keys keep their defaults.
  Section child(std::string_view key, std::string_view doc = {}) const;
  /// A nested mapping that may be left out: nothing then (but see reference_config()).
  std::optional<Section> optional_child(std::string_view key, std::string_view doc = {}) const;
  /// A list of mappings; empty if the file lacks the key (ask has() to tell this from `[]`).
  std::vector<Section> children(std::string_view key, std::string_view doc = {}) const;
  /// A mapping from free names to mappings, in the order of the file; name() is the name.
  std::vector<Section> named_children(std::string_view key, std::string_view doc = {}) const;

  /// Whether the file or the command line gives the key.
  bool has(std::string_view key) const;
  /// The last part of the path; empty for the root.
  std::string name() const { return parts_.empty() ? std::string() : parts_.back(); }
  /// "ppo.kl", "terms[1]"; empty for the root.
  const std::string& path() const { return path_; }
  /// "file.yaml:3:5" of the key, or of this section if the key is absent or empty; "command line (--set
  /// a=b)".
  std::string where(std::string_view key = {}) const;
  /// Adds an error at the key's position (at the section's if the key is absent or empty): for rules across
  /// keys. The message should name the key and say what to do.
  void complain(std::string_view key, std::string_view message) const;

 private:
  friend class ConfigFile;
  Section(std::shared_ptr<ConfigState> state, ConfigNode* node, const ConfigNode* place, std::string path,
          std::vector<std::string> parts);

  void read_target(std::string_view key, ConfigTarget target, const Range& range, std::string_view doc,
                   bool required) const;
  /// Index into `names`; `index` is the default.
  void read_choice(std::string_view key, const std::vector<std::string_view>& names, int& index,
                   std::string_view doc, bool required) const;
  void read_choices(std::string_view key, const std::vector<std::string_view>& names,
                    std::vector<int>& indices, std::string_view doc) const;
  /// Marks the key as known and finds it; nothing if absent.
  ConfigNode* find(std::string_view key) const;
  std::string path_of(std::string_view key) const;
  /// The section below, of a node that is a mapping or nullptr.
  Section below(ConfigNode* node, const std::string& part) const;
  /// `node` if it is of the wanted kind; else nullptr, with an error if it is there at all.
  ConfigNode* of_kind(ConfigNode* node, bool list, const std::string& path) const;
  /// An element of a list or map of sections: an error unless it is a mapping.
  Section element(ConfigNode& item, const std::string& part) const;
  void record_section(std::string_view key, KeyRecord::Kind kind, std::string_view doc, bool given) const;
  KeyRecord value_record(std::string_view key, std::string type, std::string_view doc, bool required) const;
  void missing(std::string_view key, std::string_view doc) const;

  template <class Enum>
  static std::pair<std::vector<std::string_view>, std::vector<Enum>> split_names(Names<Enum> names) {
    std::pair<std::vector<std::string_view>, std::vector<Enum>> result;
    for (const auto& [text, value] : names) {
      result.first.push_back(text);
      result.second.push_back(value);
    }
    return result;
  }
  template <class Enum>
  static int index_of(const std::vector<Enum>& values, Enum value) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == value) return static_cast<int>(i);
    return 0;
  }
  template <class Enum>
  void pick_enum(std::string_view key, Enum& value, Names<Enum> names, std::string_view doc,
                 bool required) const {
    const auto [texts, enums] = split_names<Enum>(names);
    int index = index_of(enums, value);
    read_choice(key, texts, index, doc, required);
    value = enums[static_cast<std::size_t>(index)];
  }

  std::shared_ptr<ConfigState> state_;
  ConfigNode* node_;         ///< owned by state_; nullptr for a section that the file lacks
  const ConfigNode* place_;  ///< node_, or the nearest section above that the file has
  std::string path_;
  std::vector<std::string> parts_;
};

}  // namespace pagewright
