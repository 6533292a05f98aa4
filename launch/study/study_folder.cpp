#include "launch/study/study_folder.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json_fields.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {
namespace {

void link_entry(const std::filesystem::path& target, const std::filesystem::path& link) {
  const auto to =
      std::filesystem::absolute(target).lexically_relative(std::filesystem::absolute(link.parent_path()));
  if (std::filesystem::is_symlink(link)) {
    require(std::filesystem::read_symlink(link) == to,
            "{} holds results of other stages than it would have now: the log, or a file that it names, has "
            "changed; "
            "remove {} to run it again",
            link.string(), link.parent_path().string());
    return;
  }
  if (std::filesystem::exists(link)) return;
  std::error_code problem;
  std::filesystem::create_symlink(to, link, problem);
  require(!problem, "cannot link {} to {}: {}", link.string(), target.string(), problem.message());
}

void remove_unfinished(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::remove_all(folder, problem);
  require(!problem, "cannot remove the unfinished {}: {}", folder.string(), problem.message());
}

}  // namespace

StudyLock::StudyLock(const std::filesystem::path& folder) {
  make_folders(folder);
  const std::filesystem::path path = folder / "lock";
  file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  require(file_ >= 0, "cannot open {}: {}", path.string(), std::strerror(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(file_);
  fail("{}: this study is running already; wait for its end, or stop the other program", folder.string());
}

StudyLock::~StudyLock() {
  ::close(file_);
}

std::optional<double> job_seconds(const StudyPlan& plan, const StudyJob& job) {
  const std::filesystem::path record = plan.record(job);
  if (!std::filesystem::exists(record) || !std::filesystem::exists(job.folder)) return std::nullopt;
  try {
    return JsonObject(parse_json(read_file(record)), "").number("seconds").value_or(0);
  } catch (const Error& error) {
    fail("{}: {}; remove the file to do the job again", record.string(), error.what());
  }
}

void write_job_record(const StudyPlan& plan, const StudyJob& job, double seconds) {
  const nlohmann::json record = {{"format", "pagewright-study-job"},
                                 {"version", 1},
                                 {"verb", stage_verb(job.stage)},
                                 {"folder", job.folder.string()},
                                 {"cells", job.wanted_by},
                                 {"seed", job.seed},
                                 {"seconds", seconds}};
  write_file_atomically(plan.record(job), record.dump(2) + "\n");
}

void link_stage_results(const std::filesystem::path& stage, const std::filesystem::path& run) {
  for (const char* folder : {"policies", "curves"}) {
    if (!std::filesystem::exists(stage / folder)) continue;
    make_folders(run / folder);
    for (const auto& entry : std::filesystem::directory_iterator(stage / folder))
      if (!entry.is_symlink())  // a stage before it made that
        link_entry(entry.path(), run / folder / entry.path().filename());
  }
  for (const char* folder : {"clicks", "rewards"})
    if (std::filesystem::is_directory(stage / folder) && !std::filesystem::is_symlink(stage / folder))
      link_entry(stage / folder, run / folder);
}

void prepare_job_folder(const StudyPlan& plan, const StudyJob& job) {
  make_folders(plan.folder / "jobs");
  std::error_code ignored;
  std::filesystem::remove(plan.record(job), ignored);  // of an earlier attempt, whose folder was removed
  const bool of_a_cell = job.stage == StudyStage::train || job.stage == StudyStage::evaluate;
  if (!of_a_cell) remove_unfinished(job.folder);
  if (job.stage == StudyStage::log) {
    make_folders(job.folder.parent_path());
    return;
  }
  RunFolder::begin(job.experiment);
  for (const std::size_t input : job.inputs) link_stage_results(plan.jobs[input].folder, job.folder);
}

}  // namespace pagewright
