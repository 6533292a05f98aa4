#include "launch/study/study_config.hpp"

#include <cstdlib>

#include "launch/study/study_plan.hpp"
#include "tests/launch/study/study_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

TEST_CASE("cells are all combinations of variants and values, with the keys of study, variant and grid") {
  const test::TemporaryFolder parent;
  const StudyConfig config = test::quickstart_study(parent, R"(
set: {ppo.iterations: 3, rewards.alpha: 0.25}
variants:
  - {name: naive}
  - {name: ipw, set: {rewards.gains.propensities: power, rewards.alpha: 1}}
grid:
  - {key: rewards.gains.eta, values: [0.5, 1]}
  - {key: ppo.optimizer.learning_rate, values: [1.0e-4]}
)");
  const auto cells = study_cells(config);
  REQUIRE(cells.size() == 4);
  CHECK(cells[0].name == "naive-eta=0.5-learning_rate=1.0e-4");
  CHECK(cells[3].name == "ipw-eta=1-learning_rate=1.0e-4");
  CHECK(cells[3].sets == std::vector<std::string>{"ppo.iterations=3", "rewards.alpha=1",
                                                  "rewards.gains.propensities=power", "rewards.gains.eta=1",
                                                  "ppo.optimizer.learning_rate=1.0e-4"});
  CHECK(config.baseline == cells[0].name);
  CHECK(config.seeds == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("a study without variants is the experiment as it is") {
  const test::TemporaryFolder parent;
  const auto cells = study_cells(test::quickstart_study(parent, "seeds: [7]\n"));
  REQUIRE(cells.size() == 1);
  CHECK((cells[0].name == "base" && cells[0].sets.empty()));
}

TEST_CASE("axes whose keys end alike are told apart by the whole key") {
  const test::TemporaryFolder parent;
  const auto cells =
      study_cells(test::quickstart_study(parent,
                                         "grid: [{key: ppo.epochs, values: [1]}, {key: warmup.epochs, "
                                         "values: [2]}, {key: run, values: [a/b]}]\n"));
  CHECK(cells[0].name == "base-ppo.epochs=1-warmup.epochs=2-run=a_b");
}

TEST_CASE("everything that is wrong with a study file is said at once, with its place") {
  const test::TemporaryFolder parent;
  const std::string text = test::error_text([&] {
    test::quickstart_study(parent, R"(
seeds: [1, 1]
control: shuffled
baseline: ipv
variants: [{name: ipw}, {name: "a b"}, {name: ipw}]
grid: [{key: ppo.epochs, values: []}]
figures: [rewards/report.json]
varients: []
)");
  });
  for (const char* part :
       {"'seeds' must hold at least one seed, and each once",
        "'control' must be none, permuted or moved, not 'shuffled'", "digits, -, _ and ., not 'a b'",
        "'values' must hold", "rewards/report.json", "study.yaml:10:", "varients", "variants"}) {
    INFO(part << " in " << text);
    CHECK(test::contains(text, part));
  }
  const std::string twins = test::error_text(
      [&] { test::quickstart_study(parent, "baseline: ipv\nvariants: [{name: ipw}, {name: ipw}]\n"); });
  CHECK(test::contains(twins, "two cells 'ipw'"));
  CHECK(test::contains(twins, "there is no cell 'ipv'"));
  CHECK(test::contains(twins, "did you mean"));
}

TEST_CASE("docs/studies.md lists the keys of a study as the source has them") {
  const auto file = std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "docs" / "studies.md";
  const std::string begin = "<!-- keys, written by a test -->\n";
  const std::string text = read_file(file);
  const std::size_t keys = text.find(begin);
  REQUIRE(keys != std::string::npos);
  const std::string expected = text.substr(0, keys) + begin + study_reference();
  if (std::getenv("PAGEWRIGHT_WRITE_DOCS")) write_file_atomically(file, expected);
  INFO("write it anew with: PAGEWRIGHT_WRITE_DOCS=1 build/tests/launch_tests '[#study_config_test]' -#");
  CHECK(read_file(file) == expected);
}

TEST_CASE("every study under configs/studies can be planned") {
  const auto folder = std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "studies";
  int studies = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path().string());
    const StudyConfig config = load_study(entry.path());
    if (config.simulate) CHECK_FALSE(plan_study(config).jobs.empty());
    ++studies;
  }
  CHECK(studies >= 2);
}

}  // namespace
}  // namespace pagewright
