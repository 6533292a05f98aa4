#include "launch/study/study_config.hpp"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "core/base/suggestion.hpp"
#include "core/config/config_file.hpp"

namespace pagewright {
namespace {

bool names_a_folder(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '=';
  });
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('.') + 1);
}

/// "eta=0.5", the whole key where another axis has the same last part.
std::string axis_label(const StudyConfig& config, const StudyAxis& axis, const std::string& value) {
  const auto alike = std::ranges::count_if(
      config.grid, [&](const StudyAxis& other) { return last_part(other.key) == last_part(axis.key); });
  std::string label = (alike > 1 ? axis.key : last_part(axis.key)) + "=" + value;
  for (char& c : label)
    if (!names_a_folder(std::string(1, c)) && c != '.') c = '_';
  return label;
}

void read_variants(const Section& root, StudyConfig& config) {
  for (const Section& section :
       root.children("variants", "what is compared; none: the experiment as it is")) {
    StudyVariant variant;
    section.read_required("name", variant.name, "name of the variant and of its folder");
    section.read("set", variant.set, "keys of the experiment that differ in this variant");
    if (!names_a_folder(variant.name))
      section.complain(
          "name", fmt::format("'name' must consist of letters, digits, -, _ and ., not '{}'", variant.name));
    config.variants.push_back(std::move(variant));
  }
  if (config.variants.empty()) config.variants.push_back({"base", {}});
}

void read_grid(const Section& root, StudyConfig& config) {
  for (const Section& section :
       root.children("grid", "keys that take several values; every variant meets all combinations")) {
    StudyAxis axis;
    section.read_required("key", axis.key, "key of the experiment");
    section.read_required("values", axis.values, "its values");
    if (axis.values.empty() && section.has("values"))
      section.complain("values", "'values' must hold at least one value");
    config.grid.push_back(std::move(axis));
  }
}

void check_cells(const Section& root, StudyConfig& config) {
  std::vector<std::string> names;
  for (const StudyCell& cell : study_cells(config)) {
    if (std::ranges::find(names, cell.name) != names.end())
      root.complain("variants", fmt::format("there are two cells '{}'; names of variants and values of an "
                                            "axis must differ",
                                            cell.name));
    names.push_back(cell.name);
  }
  if (names.empty()) return;
  if (config.baseline.empty()) config.baseline = names.front();
  if (std::ranges::find(names, config.baseline) == names.end())
    root.complain("baseline", fmt::format("there is no cell '{}'{}; cells: {}", config.baseline,
                                          did_you_mean(config.baseline, names), fmt::join(names, ", ")));
}

void check_figures(const Section& root, const StudyConfig& config) {
  for (const std::string& figure : config.figures)
    if (figure.find("#/") == std::string::npos)
      root.complain("figures",
                    fmt::format("'figures': '{}' must be a file of the run folder and a place in it, as in "
                                "rewards/report.json#/item/swaps/accuracy",
                                figure));
}

}  // namespace

StudyConfig StudyConfig::from(const Section& root) {
  StudyConfig config;
  root.read_required("study", config.folder, "folder of the study; one that is there is gone on with");
  root.read_required("experiment", config.experiment,
                     "experiment file that all cells start from, relative to this file");
  root.read("seeds", config.seeds, "every cell is run once with each `seed`");
  root.read("simulate", config.simulate,
            "simulate a log for each seed; false: all cells learn from the experiment's `log`");
  root.read("control", config.control, "negative control of the simulated log: none, permuted or moved");
  root.read("imitation", config.imitation, "also make the baseline `imitation`: `sft --imitation`");
  root.read("set", config.set, "keys of the experiment that have other values in all cells");
  read_variants(root, config);
  read_grid(root, config);
  root.read("baseline", config.baseline, "cell that the others are compared with; empty: the first");
  root.read_enum("until", config.until,
                 {{"fit-clicks", StudyEnd::fit_clicks},
                  {"fit-reward", StudyEnd::fit_reward},
                  {"evaluate", StudyEnd::evaluate}},
                 "verb that a cell ends with");
  root.read("processes", config.processes, at_least(0), "programs at once; 0: one for each core");
  root.read("metrics", config.metrics,
            "metrics of the evaluation to compare; none: true utility, GMV and CTR where the truth is known, "
            "otherwise NDCG, MRR and recall");
  root.read(
      "references", config.references,
      "policies of a run, such as logged, imitation and warmup, that its other policies are compared with");
  root.read("figures", config.figures,
            "other numbers to compare, from JSON files of a run: FILE#/PATH/IN/IT");
  const std::set<std::uint64_t> distinct(config.seeds.begin(), config.seeds.end());
  if (config.seeds.empty() || distinct.size() != config.seeds.size())
    root.complain("seeds", "'seeds' must hold at least one seed, and each once");
  if (config.control != "none" && config.control != "permuted" && config.control != "moved")
    root.complain("control",
                  fmt::format("'control' must be none, permuted or moved, not '{}'", config.control));
  check_cells(root, config);
  check_figures(root, config);
  return config;
}

StudyConfig load_study(const std::filesystem::path& file) {
  const ConfigFile yaml = load_config(file);
  StudyConfig config = StudyConfig::from(yaml.root());
  yaml.finish();
  if (config.experiment.is_relative())
    config.experiment = (file.parent_path() / config.experiment).lexically_normal();
  return config;
}

std::vector<StudyCell> study_cells(const StudyConfig& config) {
  std::vector<StudyCell> cells;
  for (const StudyVariant& variant : config.variants) {
    KeyValues values = config.set;
    for (const auto& [key, value] : variant.set) values[key] = value;
    StudyCell cell{variant.name, {}};
    for (const auto& [key, value] : values) cell.sets.push_back(key + "=" + value);
    cells.push_back(std::move(cell));
  }
  for (const StudyAxis& axis : config.grid) {
    std::vector<StudyCell> finer;
    for (const StudyCell& cell : cells)
      for (const std::string& value : axis.values) {
        finer.push_back(cell);
        finer.back().name += "-" + axis_label(config, axis, value);
        finer.back().sets.push_back(axis.key + "=" + value);
      }
    cells = std::move(finer);
  }
  return cells;
}

std::string study_reference() {
  const ConfigFile config = reference_config();
  StudyConfig::from(config.root());
  return configuration_reference_markdown(config.keys());
}

}  // namespace pagewright
