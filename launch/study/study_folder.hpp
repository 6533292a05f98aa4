#pragma once
// The folder of a study.
//
//   study.yaml                 the study file as it was last run
//   shared/log-HASH/           a simulated log, used by every cell with this seed and this shop
//   shared/warmup-HASH/, shared/rewards-HASH/, ...    run folders of the shared stages
//   runs/CELL/seed-N/          run folder of a cell; policies/warmup, clicks and rewards are links into
//   shared/ jobs/ID.json, jobs/ID.txt  what was done and how long it took; what it said study.json, study.md,
//   study.html    the results

#include <filesystem>
#include <optional>

#include "launch/study/study_plan.hpp"

namespace pagewright {

/// Keeps two programs from running one study at once: an Error says so. Ends with the object.
class StudyLock {
 public:
  explicit StudyLock(const std::filesystem::path& folder);
  ~StudyLock();
  StudyLock(const StudyLock&) = delete;
  StudyLock& operator=(const StudyLock&) = delete;

 private:
  int file_ = -1;
};

/// Seconds that a job took, if it is done: its record and its folder are there.
std::optional<double> job_seconds(const StudyPlan& plan, const StudyJob& job);
void write_job_record(const StudyPlan& plan, const StudyJob& job, double seconds);

/// Makes the folder that a job works in, with the results of the stages before it linked in. What an
/// unfinished shared stage left is removed; a cell's run folder is kept, since its training can go on. Throws
/// Error if it belongs to another configuration.
void prepare_job_folder(const StudyPlan& plan, const StudyJob& job);

/// Links what a shared stage made (policies, click models, reward models, curves) into a run folder.
void link_stage_results(const std::filesystem::path& stage, const std::filesystem::path& run);

}  // namespace pagewright
