#include "launch/run_folder.hpp"

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

LoadedExperiment quickstart_in(const std::filesystem::path& run, std::vector<std::string> sets = {}) {
  sets.push_back("run=" + run.string());
  return load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", sets);
}

TEST_CASE("keys that can change results differ by value or by presence; others do not count") {
  using Values = std::map<std::string, std::string>;
  using Keys = std::vector<std::string>;
  const Values one{{"a", "1"}, {"b", "2"}, {"threads", "1"}, {"run", "x"}, {"evaluation.cutoff", "5"}};
  CHECK(differing_keys(one, one).empty());
  CHECK(differing_keys(one, {{"a", "1"}, {"b", "2"}, {"threads", "2"}}).empty());
  CHECK(differing_keys(one, {{"a", "1"}, {"b", "3"}, {"c", "4"}}) == Keys{"b", "c"});
  CHECK(differing_keys({{"a", "1"}}, one) == Keys{"b"});
}

TEST_CASE("a run folder opens again for its own configuration and names the keys of another") {
  const test::TemporaryFolder parent;
  const auto path = parent / "deep" / "run";
  const RunFolder run = RunFolder::begin(quickstart_in(path));
  CHECK(run.path() == path);
  const std::string written = read_file(path / "config.yaml");
  CHECK(written == quickstart_in(path).effective_yaml);
  RunFolder::open(quickstart_in(path));
  RunFolder::open(quickstart_in(path, {"threads=3", "evaluation.bootstrap=100", "ppo.checkpoint_every=3"}));
  RunFolder::begin(quickstart_in(path));
  const std::string other =
      test::error_text([&] { RunFolder::open(quickstart_in(path, {"ppo.gamma=0.5", "seed=2"})); });
  CHECK(test::contains(other, path.string()));
  CHECK(test::contains(other, "ppo.gamma, seed"));
  CHECK(read_file(path / "config.yaml") == written);
}

TEST_CASE("a run folder below a file is an error that names it") {
  const test::TemporaryFolder parent;
  write_file_atomically(parent / "file", "");
  const auto path = parent / "file" / "run";
  const std::string text = test::error_text([&] { RunFolder::begin(quickstart_in(path)); });
  CHECK(test::contains(text, path.string()));
  CHECK(test::contains(text, "--set run=FOLDER"));
}

TEST_CASE("a run folder that is not there is not made by opening it") {
  const test::TemporaryFolder parent;
  const std::string text = test::error_text([&] { RunFolder::open(quickstart_in(parent / "run")); });
  CHECK(test::contains(text, (parent / "run").string()));
  CHECK(test::contains(text, "pagewright sft"));
  CHECK_FALSE(std::filesystem::exists(parent / "run"));
}

}  // namespace
}  // namespace pagewright
