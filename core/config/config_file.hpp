#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config/key_recorder.hpp"
#include "core/config/section.hpp"

namespace pagewright {

/// A parsed configuration: read root() into structs, then call finish().
class ConfigFile {
 public:
  explicit ConfigFile(std::shared_ptr<ConfigState> state);

  Section root() const;
  /// Throws one Error with a line "file:line:column: message" for every error: wrong types, ranges, missing
  /// and duplicate keys, complaints, and the keys that nobody read, each with the nearest known key.
  void finish() const;
  /// The errors that finish() would report now, in the order of the file.
  std::vector<std::string> errors() const;
  /// What was read so far.
  const KeyRecorder& keys() const;
  /// The name in messages: the path given to load_config().
  const std::string& name() const;

 private:
  std::shared_ptr<ConfigState> state_;
};

/// Parses a YAML file. `sets` are the values of `--set`: "a.b=value", the value being YAML, missing sections
/// being made, list elements being numbered from 0 ("terms.0.weight=2"). Throws an Error if the file cannot
/// be read or is not YAML; all else waits for finish().
ConfigFile load_config(const std::filesystem::path& path, std::span<const std::string> sets = {});

/// The same from a text; `name` stands for the file in messages.
ConfigFile parse_config(const std::string& text, const std::string& name,
                        std::span<const std::string> sets = {});

/// An empty configuration for documentation: required keys may be missing, complaints are ignored, and every
/// optional section, list and map of sections appears once, so that reading it records every key.
ConfigFile reference_config();

}  // namespace pagewright
