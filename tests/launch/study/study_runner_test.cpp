#include "launch/study/study_runner.hpp"

#include <algorithm>
#include <set>

#include "launch/study/study_folder.hpp"
#include "tests/launch/study/study_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

/// Runs `script` with the job's id as $1, its folder as $2 and the study's folder as $3.
JobLauncher shell(const std::string& script) {
  return [script](const StudyPlan& plan, const StudyJob& job) {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{"/bin/sh", "-c", "exec >>\"$4\" 2>&1; " + script, "sh", job.id,
                                 job.folder.string(), plan.folder.string(), plan.output(job).string()});
  };
}

const std::string kWork = "mkdir -p \"$2\" && echo \"$1\" >> \"$3/ran\"";

std::multiset<std::string> lines_of(const std::filesystem::path& file) {
  std::multiset<std::string> lines;
  if (!std::filesystem::exists(file)) return lines;
  std::string line;
  for (const char c : read_file(file)) {
    if (c != '\n') {
      line += c;
      continue;
    }
    lines.insert(line);
    line.clear();
  }
  return lines;
}

StudyPlan two_variants(const test::TemporaryFolder& parent) {
  return plan_study(test::quickstart_study(
      parent,
      "seeds: [1, 2]\nvariants: [{name: half}, {name: ipw, set: {rewards.gains.propensities: power}}]\n"));
}

TEST_CASE("every job of a study runs once, and a second start runs none") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = two_variants(parent);
  std::filesystem::create_directories(plan.folder);
  const StudySummary first = StudyRunner(plan, 3, shell(kWork)).run();
  CHECK(first.problems.empty());
  CHECK(first.unfinished.empty());
  CHECK(first.ran == static_cast<int>(plan.jobs.size()));
  std::multiset<std::string> expected;
  for (const StudyJob& job : plan.jobs) expected.insert(job.id);
  CHECK(lines_of(plan.folder / "ran") == expected);
  const StudySummary second = StudyRunner(plan, 3, shell(kWork)).run();
  CHECK(second.ran == 0);
  CHECK(second.kept == static_cast<int>(plan.jobs.size()));
  CHECK(lines_of(plan.folder / "ran") == expected);
}

TEST_CASE(
    "a failed job stops those that need it and no other, says why, and is tried again at the next start") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = two_variants(parent);
  std::filesystem::create_directories(plan.folder);
  const auto broken = std::ranges::find_if(plan.jobs, [](const StudyJob& job) {
    return job.stage == StudyStage::rewards && job.seed == 2 && job.wanted_by.front() == "ipw";
  });
  REQUIRE(broken != plan.jobs.end());
  const StudySummary summary =
      StudyRunner(plan, 2,
                  shell("case \"$1\" in " + broken->id + ") echo out of paper; exit 3;; esac; " + kWork))
          .run();
  REQUIRE(summary.problems.size() == 1);
  for (const char* part : {"cell ipw, seed 2", "exit code 3", "out of paper", ".txt"})
    CHECK(test::contains(summary.problems.front(), part));
  CHECK(summary.unfinished == std::vector<std::string>{"ipw seed 2"});
  CHECK(summary.ran == static_cast<int>(plan.jobs.size()) - 3);  // rewards, train, evaluate
  const StudySummary again = StudyRunner(plan, 2, shell(kWork)).run();
  CHECK(again.ran == 3);
  CHECK(again.unfinished.empty());
}

TEST_CASE("a job that was killed half-way leaves nothing that counts") {
  const test::TemporaryFolder parent;
  const StudyPlan plan = plan_study(test::quickstart_study(parent, "seeds: [1]\n"));
  std::filesystem::create_directories(plan.folder);
  const StudySummary killed =
      StudyRunner(plan, 1, shell("mkdir -p \"$2\"; touch \"$2/half\"; kill -9 $$")).run();
  REQUIRE(killed.problems.size() == 1);
  CHECK(test::contains(killed.problems.front(), "signal 9"));
  CHECK(std::filesystem::exists(plan.jobs[0].folder / "half"));
  const StudySummary again = StudyRunner(plan, 1, shell("test ! -e \"$2/half\" && " + kWork)).run();
  CHECK(again.problems.empty());
}

TEST_CASE(
    "what a stage made is linked into the folders of those that need it, and survives a move of the study") {
  const test::TemporaryFolder parent;
  std::filesystem::create_directories(parent / "study/shared/warmup-1/policies/warmup");
  std::filesystem::create_directories(parent / "study/shared/warmup-1/curves");
  write_file_atomically(parent / "study/shared/warmup-1/policies/warmup/policy.json", "{}");
  write_file_atomically(parent / "study/shared/warmup-1/curves/warmup.json", "[]");
  std::filesystem::create_directories(parent / "study/runs/a/seed-1");
  for (int twice = 0; twice < 2; ++twice)
    link_stage_results(parent / "study/shared/warmup-1", parent / "study/runs/a/seed-1");
  std::filesystem::rename(parent / "study", parent / "moved");
  CHECK(read_file(parent / "moved/runs/a/seed-1/policies/warmup/policy.json") == "{}");
  CHECK(read_file(parent / "moved/runs/a/seed-1/curves/warmup.json") == "[]");
  CHECK_FALSE(std::filesystem::exists(parent / "moved/runs/a/seed-1/rewards"));
}

TEST_CASE(
    "a run folder whose stages have become others is refused, and a record without its folder does not "
    "count") {
  const test::TemporaryFolder parent;
  for (const char* stage : {"warmup-1", "warmup-2"})
    std::filesystem::create_directories(parent / "study/shared" / stage / "policies/warmup");
  std::filesystem::create_directories(parent / "study/runs/a/seed-1");
  link_stage_results(parent / "study/shared/warmup-1", parent / "study/runs/a/seed-1");
  const std::string text = test::error_text(
      [&] { link_stage_results(parent / "study/shared/warmup-2", parent / "study/runs/a/seed-1"); });
  CHECK(test::contains(text, "remove"));

  const StudyPlan plan = plan_study(test::quickstart_study(parent, "seeds: [1]\n"));
  CHECK(StudyRunner(plan, 1, shell(kWork)).run().problems.empty());
  const StudyJob& train = plan.jobs[3];
  REQUIRE(train.stage == StudyStage::train);
  std::filesystem::remove_all(train.folder);
  // Begun again and killed: neither the old record nor the half-made folder is a result.
  CHECK(StudyRunner(plan, 1, shell("mkdir -p \"$2\"; kill -9 $$")).run().problems.size() == 1);
  CHECK_FALSE(job_seconds(plan, train).has_value());
}

TEST_CASE("two programs cannot run one study at once") {
  const test::TemporaryFolder parent;
  const StudyLock lock(parent / "study");
  CHECK(test::contains(test::error_text([&] { StudyLock(parent / "study"); }), "running already"));
}

}  // namespace
}  // namespace pagewright
