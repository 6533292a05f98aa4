#pragma once
// From a study to what has to be run, in which order and for whom.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "launch/study/study_config.hpp"
#include "launch/study/study_stages.hpp"

namespace pagewright {

/// One verb in one folder.
struct StudyJob {
  std::string id;  ///< stage and twelve digits of the SHA-256 of its content (Note [Shared stages])
  StudyStage stage = StudyStage::log;
  std::filesystem::path folder;        ///< what it fills: a log, or a run folder
  LoadedExperiment experiment;         ///< with `run` and `log` set
  std::vector<std::size_t> after;      ///< jobs that must be done, indices into StudyPlan::jobs
  std::vector<std::size_t> inputs;     ///< of them, those whose results belong into the folder
  std::vector<std::string> wanted_by;  ///< cells, each once
  std::uint64_t seed = 0;
};

/// A cell with one seed.
struct StudyRun {
  std::string cell;
  std::uint64_t seed = 0;
  std::filesystem::path folder;     ///< its run folder
  LoadedExperiment experiment;      ///< of that folder
  std::vector<std::size_t> inputs;  ///< shared jobs whose results belong into the folder
  std::size_t last = 0;             ///< job that completes it
};

struct StudyPlan {
  std::filesystem::path folder;
  std::vector<StudyJob> jobs;  ///< a job stands behind those that it needs
  std::vector<StudyRun> runs;  ///< cell by cell, seeds in order
  std::vector<std::string> cells;
  std::vector<std::uint64_t> seeds;
  std::string control;  ///< of `simulate`

  std::filesystem::path record(const StudyJob& job) const { return folder / "jobs" / (job.id + ".json"); }
  std::filesystem::path output(const StudyJob& job) const { return folder / "jobs" / (job.id + ".txt"); }
};

/// Loads the experiment of every cell and seed before anything is run. Throws one Error that names all their
/// problems, each with its cell, and cells that are the same experiment.
StudyPlan plan_study(const StudyConfig& config);

}  // namespace pagewright
