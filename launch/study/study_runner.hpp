#pragma once
// Runs the jobs of a study, several at once.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launch/study/study_plan.hpp"
#include "rewards/terms/external/child_process.hpp"

namespace pagewright {

/// Starts a job's program; what it says goes to StudyPlan::output().
using JobLauncher = std::function<std::unique_ptr<ChildProcess>(const StudyPlan&, const StudyJob&)>;

/// This program, with the verb of the job and so many threads.
JobLauncher own_program(int threads);

struct StudySummary {
  int ran = 0;   ///< now
  int kept = 0;  ///< done in an earlier run of the study
  double seconds = 0;
  std::vector<std::string> problems;    ///< of failed jobs: id, how it ended, the last lines that it said
  std::vector<std::string> unfinished;  ///< cells and seeds without a result
};

/// Runs what is not done yet: at most `processes` jobs at once, in the order of the plan as far as each has
/// what it needs, one line on standard error for each that ends. A failed job stops those that need it and no
/// other. A done job is never run again.
class StudyRunner {
 public:
  StudyRunner(const StudyPlan& plan, int processes, JobLauncher launch);
  StudySummary run();

 private:
  enum class State { waiting, running, done, failed };
  struct Running {
    std::size_t job = 0;
    std::unique_ptr<ChildProcess> program;
    double started = 0;
  };

  void keep_what_is_done();
  void start_ready_jobs();
  void start(std::size_t job);
  /// Whether a program had ended.
  bool collect();
  void finish(const Running& ended);
  void fail_job(std::size_t job, const std::string& how);
  bool ready(const StudyJob& job) const;
  /// Seconds until the end, if every kind of job that is to come has been seen.
  std::optional<double> seconds_left() const;
  double now() const;

  const StudyPlan& plan_;
  int processes_;
  JobLauncher launch_;
  std::vector<State> states_;    ///< [jobs]
  std::vector<double> seconds_;  ///< [jobs] of done ones
  std::vector<Running> running_;
  StudySummary summary_;
  double start_ = 0;
};

}  // namespace pagewright
