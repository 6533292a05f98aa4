#include "core/config/config_file.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/config/config_state.hpp"
#include "core/config/yaml_tree.hpp"

namespace pagewright {

std::string ConfigState::place(const ConfigOrigin& origin) const {
  if (origin.source == 0) return fmt::format("{}:{}:{}", name, origin.line, origin.column);
  return fmt::format("command line (--set {})", sets[static_cast<std::size_t>(origin.source) - 1]);
}

ConfigFile::ConfigFile(std::shared_ptr<ConfigState> state) : state_(std::move(state)) {}

Section ConfigFile::root() const {
  state_->root.read_as_section = true;
  return Section(state_, &state_->root, &state_->root, {}, {});
}

std::vector<std::string> ConfigFile::errors() const {
  std::vector<ConfigState::Problem> problems = state_->problems;
  for (auto& problem : unknown_key_problems(*state_)) problems.push_back(std::move(problem));
  std::ranges::stable_sort(problems, {}, [](const ConfigState::Problem& problem) {
    return std::tuple(problem.origin.source, problem.origin.line, problem.origin.column);
  });
  std::vector<std::string> lines;
  for (const auto& problem : problems) {
    std::string line = state_->place(problem.origin) + ": " + problem.message;
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
  }
  return lines;
}

void ConfigFile::finish() const {
  const std::vector<std::string> lines = errors();
  if (!lines.empty()) throw Error(fmt::format("{}", fmt::join(lines, "\n")));
}

const KeyRecorder& ConfigFile::keys() const {
  return state_->keys;
}
const std::string& ConfigFile::name() const {
  return state_->name;
}

ConfigFile parse_config(const std::string& text, const std::string& name, std::span<const std::string> sets) {
  auto state = std::make_shared<ConfigState>();
  state->name = name;
  state->sets.assign(sets.begin(), sets.end());
  try {
    state->root = parse_yaml_tree(text, 0);
  } catch (const YamlSyntaxError& error) {
    fail("{}: {}", state->place(error.origin), error.what());
  }
  if (state->root.kind == ConfigNode::Kind::null) {
    state->root = {};
    state->root.kind = ConfigNode::Kind::mapping;
  }
  require(state->root.kind == ConfigNode::Kind::mapping, "{}: the file must hold a mapping of keys, not {}",
          state->place(state->root.origin), config_node_text(state->root));
  state->root.key_origin = {};
  for (std::size_t index = 0; index < sets.size(); ++index) apply_override(*state, index);
  report_duplicate_keys(*state);
  return ConfigFile(std::move(state));
}

ConfigFile load_config(const std::filesystem::path& path, std::span<const std::string> sets) {
  return parse_config(read_file(path), path.string(), sets);
}

ConfigFile reference_config() {
  auto state = std::make_shared<ConfigState>();
  state->name = "reference";
  state->reference = true;
  state->root.kind = ConfigNode::Kind::mapping;
  return ConfigFile(std::move(state));
}

}  // namespace pagewright
