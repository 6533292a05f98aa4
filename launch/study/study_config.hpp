#pragma once
// STUDY.yaml: one experiment in several variants, each with several seeds.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/config/section.hpp"

namespace pagewright {

/// Keys of an experiment with their values, as `--set key=value` takes them.
using KeyValues = std::map<std::string, std::string>;

struct StudyVariant {
  std::string name;
  KeyValues set;
};

/// A key that takes several values.
struct StudyAxis {
  std::string key;
  std::vector<std::string> values;
};

/// The verb that a study ends with.
enum class StudyEnd { fit_clicks, fit_reward, evaluate };

struct StudyConfig {
  std::filesystem::path folder;      ///< of the study: everything is written here
  std::filesystem::path experiment;  ///< experiment file that every cell starts from
  std::vector<std::uint64_t> seeds{1, 2, 3, 4, 5};
  bool simulate = true;  ///< every seed has its own simulated log; false: the experiment's `log` serves all
  std::string control = "none";  ///< of `simulate`
  bool imitation = false;        ///< also make the baseline that learns pages as they were shown
  KeyValues set;
  std::vector<StudyVariant> variants;  ///< at least one
  std::vector<StudyAxis> grid;
  std::string baseline;  ///< cell that the others are compared with
  StudyEnd until = StudyEnd::evaluate;
  std::vector<std::string> references{
      "warmup"};                     ///< policies of a run that its own policies are compared with
  int processes = 0;                 ///< at once; 0: one for each core
  std::vector<std::string> metrics;  ///< of the evaluation; empty: see kUsualMetrics
  std::vector<std::string>
      figures;  ///< numbers in JSON files of a run: "rewards/report.json#/item/swaps/accuracy"

  /// Reads and documents every key; problems are collected in the section's errors.
  static StudyConfig from(const Section& root);
};

/// Reads a study file. `experiment` is relative to the file's folder, all else to the working directory.
/// Throws one Error that names all its problems.
StudyConfig load_study(const std::filesystem::path& file);

/// A variant with one value for each axis.
struct StudyCell {
  std::string name;               ///< also of its folder
  std::vector<std::string> sets;  ///< "key=value"
};
/// All combinations, variants in the order of the file, the last axis fastest.
std::vector<StudyCell> study_cells(const StudyConfig& config);

/// Markdown list of the keys, for the documentation.
std::string study_reference();

}  // namespace pagewright
