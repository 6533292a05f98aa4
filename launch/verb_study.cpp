// `pagewright study`: an experiment in several variants, with several seeds.

#include <algorithm>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/progress.hpp"
#include "core/base/table.hpp"
#include "launch/study/study_folder.hpp"
#include "launch/study/study_page.hpp"
#include "launch/study/study_results.hpp"
#include "launch/study/study_runner.hpp"
#include "launch/verbs.hpp"

namespace pagewright {
namespace {

struct StudyOptions {
  std::filesystem::path file;
  bool plan_only = false;
};

int cores() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string plan_text(const StudyPlan& plan) {
  Table table({"job", "seed", "cells", "done in"});
  for (const StudyJob& job : plan.jobs) {
    const std::optional<double> seconds = job_seconds(plan, job);
    table.add_row({job.id, fmt::format("{}", job.seed), fmt::format("{}", fmt::join(job.wanted_by, ", ")),
                   seconds ? duration_text(*seconds) : ""});
  }
  return table.to_string();
}

void write_results(const StudyPlan& plan, const StudyConfig& config, const StudySummary& summary) {
  const StudyResults results = read_study_results(plan, config);
  write_file_atomically(plan.folder / "study.json", study_json(results).dump(2) + "\n");
  write_file_atomically(plan.folder / "study.md", study_markdown(results));
  write_file_atomically(plan.folder / "study.html", study_html(plan, config, results, summary));
  fmt::print("{}results: {}, and study.json and study.md beside it\n", study_text(results),
             (plan.folder / "study.html").string());
}

void run_study(const StudyOptions& options) {
  const StudyConfig config = load_study(options.file);
  const StudyPlan plan = plan_study(config);
  if (options.plan_only) {
    fmt::print("{}{} jobs for {} cells with {} seeds\n", plan_text(plan), plan.jobs.size(), plan.cells.size(),
               plan.seeds.size());
    return;
  }
  const StudyLock lock(plan.folder);
  write_file_atomically(plan.folder / "study.yaml", read_file(options.file));
  const int processes = config.processes > 0 ? config.processes : cores();
  log_info("{} cells with {} seeds: {} jobs, {} at once", plan.cells.size(), plan.seeds.size(),
           plan.jobs.size(), processes);
  StudyRunner runner(plan, processes, own_program(std::max(1, cores() / processes)));
  const StudySummary summary = runner.run();
  write_results(plan, config, summary);
  fmt::print("{} jobs in {}, {} were done before\n", summary.ran, duration_text(summary.seconds),
             summary.kept);
  if (summary.problems.empty()) return;
  fail(
      "{} of {} runs have no result: {}. What failed:\n{}\nMend it and start the study again: what is done "
      "is kept",
      summary.unfinished.size(), plan.runs.size(), fmt::join(summary.unfinished, ", "),
      fmt::join(summary.problems, "\n"));
}

}  // namespace

void add_study_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "study",
      "run an experiment in several variants with several seeds, what they share once, and compare them: "
      "a table with paired intervals and a page of plots.\n"
      "Started again, it goes on where it was: what is done is never run twice. docs/studies.md");
  auto options = std::make_shared<StudyOptions>();
  verb->add_option("STUDY", options->file, "study file (YAML)")->required();
  verb->add_flag("--plan", options->plan_only, "say what would be run, and run nothing");
  verb->callback([options] { run_study(*options); });
}

}  // namespace pagewright
