// Where relative paths of a configuration start.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

struct PathsConfig {
  std::filesystem::path log, model;
  std::optional<std::filesystem::path> pairs;
  std::vector<std::filesystem::path> tables;
  std::string effective;

  static PathsConfig from(const std::string& yaml, const std::vector<std::string>& sets = {}) {
    PathsConfig config;
    const ConfigFile file = parse_config(yaml, "paths.yaml", sets);
    const Section root = file.root();
    root.read_working_directory("working_directory", "where paths start");
    root.read("log", config.log, "the log");
    root.child("model", "the model").read("path", config.model, "the folder");
    root.read("pairs", config.pairs, "the pairs");
    root.read("tables", config.tables, "the tables");
    file.finish();
    config.effective = effective_yaml(file.keys());
    return config;
  }
};

constexpr const char* kRelativePaths = "log: runs/log\nmodel: {path: ../m}\npairs: p.json\ntables: [a, /b]\n";

}  // namespace

TEST_CASE("paths of a file without a working directory stay as they are written") {
  const PathsConfig config = PathsConfig::from(kRelativePaths);
  CHECK(config.log == "runs/log");
  CHECK(config.model == "../m");
  CHECK(test::contains(config.effective,
                       "working_directory: " + std::filesystem::current_path().string() + "\n"));
}

TEST_CASE("relative paths of a file start at its working directory, of every kind, and empty ones stay so") {
  const PathsConfig config =
      PathsConfig::from(std::string("working_directory: /shop/one\n") + kRelativePaths);
  CHECK(config.log == "/shop/one/runs/log");
  CHECK(config.model == "/shop/m");
  CHECK(config.pairs == "/shop/one/p.json");
  CHECK(config.tables == std::vector<std::filesystem::path>{"/shop/one/a", "/b"});
  CHECK(test::contains(config.effective, "log: runs/log\n"));
  const PathsConfig again = PathsConfig::from(config.effective);
  CHECK(again.log == config.log);
  CHECK(again.tables == config.tables);
  CHECK(again.effective == config.effective);
  CHECK(PathsConfig::from("working_directory: /shop\n").log.empty());
}

TEST_CASE("paths of the command line start where the program does, and mean the same when read again") {
  const PathsConfig config =
      PathsConfig::from(std::string("working_directory: /shop\n") + kRelativePaths, {"log=other"});
  CHECK(config.log == std::filesystem::current_path() / "other");
  CHECK(PathsConfig::from(config.effective).log == config.log);
}

}  // namespace pagewright
