#include "launch/study/study_plan.hpp"

#include <algorithm>
#include <map>

#include "tests/launch/study/study_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

std::map<std::string, int> jobs_by_stage(const StudyPlan& plan) {
  std::map<std::string, int> count;
  for (const StudyJob& job : plan.jobs) ++count[stage_name(job.stage)];
  return count;
}

LoadedExperiment quickstart_with(std::vector<std::string> sets) {
  return load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", sets);
}

TEST_CASE("cells share what does not depend on the keys in which they differ") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = plan_study(test::quickstart_study(parent, R"(
seeds: [1, 2]
variants:
  - {name: half}
  - {name: page_only, set: {rewards.alpha: 1}}
  - {name: ipw, set: {rewards.gains.propensities: power}}
  - {name: clicks, set: {rewards.gains.propensities: click_model}}
)"));
  // One log and one warm-up for each seed; rewards: half and page_only share theirs.
  const std::map<std::string, int> expected{{"log", 2},     {"warmup", 2}, {"clicks", 2},
                                            {"rewards", 6}, {"train", 8},  {"evaluate", 8}};
  CHECK(jobs_by_stage(plan) == expected);
  for (const StudyJob& job : plan.jobs)
    if (job.stage == StudyStage::log || job.stage == StudyStage::warmup) CHECK(job.wanted_by.size() == 4);
  REQUIRE(plan.runs.size() == 8);
  CHECK(plan.runs[3].cell == "page_only");
  CHECK(plan.runs[3].seed == 2);
  CHECK(plan.runs[3].folder == parent / "study" / "runs" / "page_only" / "seed-2");
  CHECK(plan.jobs[plan.runs[3].last].stage == StudyStage::evaluate);
}

TEST_CASE(
    "a job stands behind all that it needs, and reward models need click models only where they read them") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = plan_study(test::quickstart_study(parent, R"(
seeds: [1]
variants:
  - {name: ipw, set: {rewards.gains.propensities: power}}
  - {name: clicks, set: {rewards.gains.propensities: click_model}}
)"));
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const StudyJob& job = plan.jobs[i];
    for (const std::size_t before : job.after) CHECK(before < i);
    if (job.stage != StudyStage::rewards) continue;
    const bool reads_clicks = std::ranges::any_of(
        job.inputs, [&](std::size_t input) { return plan.jobs[input].stage == StudyStage::clicks; });
    CHECK(reads_clicks == (job.wanted_by.front() == "clicks"));
  }
}

TEST_CASE("a log that is there is used by all seeds, known by its content, and a missing one is refused") {
  const test::TemporaryFolder parent;
  std::filesystem::create_directories(parent / "log");
  write_file_atomically(parent / "log" / "part-0.h5", "one");
  const std::string rest =
      fmt::format("simulate: false\nseeds: [1, 2]\nset: {{log: {}}}\n", (parent / "log").string());
  const StudyPlan plan = plan_study(test::quickstart_study(parent, rest));
  CHECK(jobs_by_stage(plan).count("log") == 0);
  CHECK(plan.runs[0].experiment.experiment.log == parent / "log");
  write_file_atomically(parent / "log" / "part-0.h5", "two");
  CHECK(plan_study(test::quickstart_study(parent, rest)).jobs[0].id != plan.jobs[0].id);
  std::filesystem::remove_all(parent / "log");
  CHECK(test::contains(test::error_text([&] { plan_study(test::quickstart_study(parent, rest)); }),
                       "there is no log in"));
}

TEST_CASE("a study that ends with fit-reward trains nothing, and variants of what comes later are one job") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = plan_study(test::quickstart_study(
      parent, "seeds: [1]\nuntil: fit-reward\nvariants: [{name: a}, {name: b, set: {ppo.iterations: 3}}]\n"));
  CHECK(jobs_by_stage(plan) == std::map<std::string, int>{{"log", 1}, {"warmup", 1}, {"rewards", 1}});
  CHECK(plan.runs[0].last == plan.runs[1].last);
}

TEST_CASE("mistakes in any cell are found before anything starts") {
  const test::TemporaryFolder parent;
  const std::string text = test::error_text([&] {
    plan_study(test::quickstart_study(parent, R"(
variants:
  - {name: good}
  - {name: typo, set: {rewards.gains.propensitys: power}}
  - {name: range, set: {ppo.clip: 3}}
  - {name: twin, set: {threads: 2}}
)"));
  });
  CHECK(test::contains(text, "nothing was started"));
  CHECK(test::contains(text, "cell typo: "));
  CHECK(test::contains(text, "did you mean"));
  CHECK(test::contains(text, "cell range: "));
  CHECK(test::contains(text, "cell twin: it is the same experiment as cell good"));
  CHECK_FALSE(std::filesystem::exists(parent / "study"));
}

TEST_CASE("a stage depends on its own keys and on none that come after it") {
  const LoadedExperiment base = quickstart_with({});
  ContentHashes contents;
  const auto changed = [&](StudyStage stage, const std::string& set) {
    return stage_configuration(stage, quickstart_with({set}), contents) !=
           stage_configuration(stage, base, contents);
  };
  using enum StudyStage;
  struct Expected {
    std::string set;
    bool log, warmup, clicks, rewards, train, evaluate;
  };
  for (const Expected& key :
       std::vector<Expected>{{"simulator.clicks.random_clicks=0.2", true, true, true, true, true, true},
                             {"seed=2", true, true, true, true, true, true},
                             {"schema.max_candidates=30", true, true, true, true, true, true},
                             {"model.dim=32", false, true, false, true, true, true},
                             {"warmup.epochs=2", false, true, false, true, true, true},
                             {"rewards.clicks.iterations=7", false, false, true, true, true, true},
                             {"rewards.gains.click=2", false, false, true, true, true, true},
                             {"rewards.page.margin=0.5", false, false, false, true, true, true},
                             {"rewards.alpha=0.9", false, false, false, false, true, true},
                             {"ppo.kl_coefficient=0.3", false, false, false, false, true, true},
                             {"critic.kind=separate", false, true, false, false, true, true},
                             {"ppo.lanes=4", false, true, false, true, true, true},
                             {"evaluation.cutoff=5", false, false, false, false, false, true},
                             {"run=elsewhere", false, false, false, false, false, false},
                             {"threads=3", false, false, false, false, false, false}}) {
    INFO(key.set);
    CHECK(changed(log, key.set) == key.log);
    CHECK(changed(warmup, key.set) == key.warmup);
    CHECK(changed(clicks, key.set) == key.clicks);
    CHECK(changed(rewards, key.set) == key.rewards);
    CHECK(changed(train, key.set) == key.train);
    CHECK(changed(evaluate, key.set) == key.evaluate);
  }
  CHECK(changed(rewards, "policies=[{name: both}]"));  // without the one that needs the pairs form
  CHECK_FALSE(changed(warmup, "policies=[{name: both}]"));
}

TEST_CASE("a pretrained model counts by what is in its folder, wherever a stage starts from it") {
  const test::TemporaryFolder parent;
  const std::filesystem::path model = parent / "model";
  std::filesystem::copy(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "stories260k", model,
                        std::filesystem::copy_options::recursive);
  const std::filesystem::path config =
      std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "stories.yaml";
  using enum StudyStage;
  struct Expected {
    std::string key;
    bool warmup, rewards;
  };
  for (const auto& [key, warmup_counts, rewards_count] :
       {Expected{"model.path", true, true}, Expected{"rewards.model.path", false, true},
        Expected{"critic.model.path", false, false}}) {
    INFO(key);
    // The other models are of the folder that does not change.
    const std::string stays = std::string(PAGEWRIGHT_TEST_DATA) + "/stories260k";
    std::vector<std::string> sets{"critic.kind=separate"};
    for (const char* const path : {"model.path", "rewards.model.path", "critic.model.path"})
      sets.push_back(fmt::format("{}={}", path, key == path ? model.string() : stays));
    const LoadedExperiment experiment = load_experiment(config, sets);
    const auto stage = [&](StudyStage of) {
      ContentHashes contents;  // of a study that is planned anew
      return stage_configuration(of, experiment, contents);
    };
    std::map<StudyStage, std::string> before;
    for (const StudyStage of : {log, imitation, warmup, clicks, rewards, train}) before[of] = stage(of);
    write_file_atomically(model / "README.md", key + " is no content");
    for (const auto& [of, text] : before) CHECK(stage(of) == text);
    write_file_atomically(model / "model.safetensors", "weights beside which " + key + " points");
    CHECK(stage(log) == before[log]);
    CHECK(stage(clicks) == before[clicks]);
    CHECK((stage(imitation) != before[imitation]) == warmup_counts);
    CHECK((stage(warmup) != before[warmup]) == warmup_counts);
    CHECK((stage(rewards) != before[rewards]) == rewards_count);
    CHECK(stage(train) != before[train]);
  }
}

}  // namespace
}  // namespace pagewright
