#include "launch/study/study_runner.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/progress.hpp"
#include "launch/study/study_folder.hpp"

namespace pagewright {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The last lines of a file, indented.
std::string last_lines(const std::filesystem::path& file, int count) {
  if (!std::filesystem::exists(file)) return "";
  const std::string text = read_file(file);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back("    " + text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (static_cast<int>(lines.size()) > count) lines.erase(lines.begin(), lines.end() - count);
  return lines.empty() ? "" : fmt::format("\n{}", fmt::join(lines, "\n"));
}

std::string cells_text(const std::vector<std::string>& cells) {
  if (cells.size() <= 2) return fmt::format("{}", fmt::join(cells, ", "));
  return fmt::format("{}, {} and {} more", cells[0], cells[1], cells.size() - 2);
}

}  // namespace

JobLauncher own_program(int threads) {
  return [threads](const StudyPlan& plan, const StudyJob& job) {
    const std::filesystem::path config = plan.folder / "jobs" / (job.id + ".yaml");
    write_file_atomically(config, job.experiment.effective_yaml);
    std::vector<std::string> command{"/bin/sh",
                                     "-c",
                                     R"(exec "$@" >>"$0" 2>&1)",
                                     plan.output(job).string(),
                                     std::filesystem::read_symlink("/proc/self/exe").string(),
                                     stage_verb(job.stage),
                                     config.string(),
                                     "--set",
                                     fmt::format("threads={}", threads)};
    if (job.stage == StudyStage::imitation) command.emplace_back("--imitation");
    if (job.stage == StudyStage::train && std::filesystem::exists(job.folder / "train"))
      command.emplace_back("--resume");
    if (job.stage == StudyStage::log && plan.control != "none") {
      command.emplace_back("--control");
      command.push_back(plan.control);
    }
    return std::make_unique<ChildProcess>(command);
  };
}

StudyRunner::StudyRunner(const StudyPlan& plan, int processes, JobLauncher launch)
    : plan_(plan),
      processes_(processes),
      launch_(std::move(launch)),
      states_(plan.jobs.size(), State::waiting),
      seconds_(plan.jobs.size()) {}

double StudyRunner::now() const {
  return steady_seconds() - start_;
}

StudySummary StudyRunner::run() {
  start_ = steady_seconds();
  keep_what_is_done();
  if (summary_.kept > 0)
    log_info("{} of {} jobs were done before and are kept", summary_.kept, plan_.jobs.size());
  start_ready_jobs();
  while (!running_.empty()) {
    if (collect())
      start_ready_jobs();
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  summary_.seconds = now();
  for (const StudyRun& run : plan_.runs)
    if (states_[run.last] != State::done)
      summary_.unfinished.push_back(fmt::format("{} seed {}", run.cell, run.seed));
  return std::move(summary_);
}

void StudyRunner::keep_what_is_done() {
  for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
    const std::optional<double> seconds = job_seconds(plan_, plan_.jobs[i]);
    if (!seconds) continue;
    states_[i] = State::done;
    seconds_[i] = *seconds;
    ++summary_.kept;
  }
}

bool StudyRunner::ready(const StudyJob& job) const {
  return std::ranges::all_of(job.after, [&](std::size_t i) { return states_[i] == State::done; });
}

void StudyRunner::start_ready_jobs() {
  for (std::size_t i = 0; i < plan_.jobs.size() && static_cast<int>(running_.size()) < processes_; ++i)
    if (states_[i] == State::waiting && ready(plan_.jobs[i])) start(i);
}

void StudyRunner::start(std::size_t job) {
  try {
    prepare_job_folder(plan_, plan_.jobs[job]);
    running_.push_back({job, launch_(plan_, plan_.jobs[job]), now()});
    states_[job] = State::running;
  } catch (const Error& error) {
    fail_job(job, error.what());
  }
}

bool StudyRunner::collect() {
  const auto ended =
      std::ranges::find_if(running_, [](const Running& running) { return running.program->ended(); });
  if (ended == running_.end()) return false;
  const Running taken = std::move(*ended);
  running_.erase(ended);
  finish(taken);
  return true;
}

void StudyRunner::finish(const Running& ended) {
  const StudyJob& job = plan_.jobs[ended.job];
  const std::string how = ended.program->end(0);
  if (how != "exit code 0") return fail_job(ended.job, how + "; it said" + last_lines(plan_.output(job), 5));
  const double seconds = now() - ended.started;
  write_job_record(plan_, job, seconds);
  states_[ended.job] = State::done;
  seconds_[ended.job] = seconds;
  ++summary_.ran;
  const std::optional<double> left = seconds_left();
  log_info("{:>{}}/{} {} seed {} in {} ({}){}", summary_.ran + summary_.kept,
           fmt::formatted_size("{}", plan_.jobs.size()), plan_.jobs.size(), job.id, job.seed,
           duration_text(seconds), cells_text(job.wanted_by),
           left && *left > 0 ? ", about " + duration_text(*left) + " left" : "");
}

void StudyRunner::fail_job(std::size_t job, const std::string& how) {
  states_[job] = State::failed;
  const StudyJob& failed = plan_.jobs[job];
  summary_.problems.push_back(fmt::format("{} of cell {}, seed {}: {}\n    (all of it: {})", failed.id,
                                          cells_text(failed.wanted_by), failed.seed, how,
                                          plan_.output(failed).string()));
  log_warn("{}", summary_.problems.back());
}

std::optional<double> StudyRunner::seconds_left() const {
  constexpr std::size_t kStages = 7;
  double sum[kStages] = {}, left = 0;
  int count[kStages] = {};
  for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
    if (states_[i] != State::done) continue;
    sum[static_cast<std::size_t>(plan_.jobs[i].stage)] += seconds_[i];
    ++count[static_cast<std::size_t>(plan_.jobs[i].stage)];
  }
  for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
    const auto stage = static_cast<std::size_t>(plan_.jobs[i].stage);
    if (states_[i] != State::waiting && states_[i] != State::running) continue;
    if (count[stage] == 0) return std::nullopt;
    left += sum[stage] / count[stage] * (states_[i] == State::running ? 0.5 : 1);
  }
  return left / processes_;
}

}  // namespace pagewright
