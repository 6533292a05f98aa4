#include "launch/study/study_plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/sha256.hpp"
#include "launch/study/content_hashes.hpp"

namespace pagewright {
namespace {

class StudyPlanner {
 public:
  explicit StudyPlanner(const StudyConfig& config) : config_(config) {
    plan_.folder = config.folder;
    plan_.seeds = config.seeds;
    plan_.control = config.control;
  }

  StudyPlan run() {
    for (const StudyCell& cell : study_cells(config_)) {
      plan_.cells.push_back(cell.name);
      for (const std::uint64_t seed : config_.seeds) add_run(cell, seed);
    }
    require(problems_.empty(), "nothing was started:\n{}", fmt::join(problems_, "\n"));
    return std::move(plan_);
  }

 private:
  LoadedExperiment load(const StudyCell& cell, std::uint64_t seed, const std::filesystem::path& run,
                        const std::filesystem::path& log) const {
    std::vector<std::string> sets = cell.sets;
    sets.push_back(fmt::format("seed={}", seed));
    sets.push_back("run=" + run.string());
    if (!log.empty()) sets.push_back("log=" + log.string());
    return load_experiment(config_.experiment, sets);
  }

  /// Every seed would have the same mistakes, so that the first speaks for all.
  void add_run(const StudyCell& cell, std::uint64_t seed) {
    if (broken_.contains(cell.name)) return;
    try {
      add_stages(cell, seed);
    } catch (const Error& error) {
      broken_.insert(cell.name);
      problems_.push_back(fmt::format("cell {}: {}", cell.name, error.what()));
    }
  }

  /// What is known of a cell with one seed while its stages are put in a row.
  struct Chain {
    const StudyCell& cell;
    std::uint64_t seed;
    LoadedExperiment asked;
    std::filesystem::path log;
    std::string origin;               ///< identity of the log
    std::string before;               ///< identity of all that came before
    std::vector<std::size_t> after;   ///< jobs that the next one waits for
    std::vector<std::size_t> stages;  ///< whose results belong into the run folder
  };

  std::string id_of(StudyStage stage, const Chain& chain) {
    const std::string text =
        stage_name(stage) + "\n" + chain.before + "\n" + stage_configuration(stage, chain.asked, contents_);
    return stage_name(stage) + "-" + sha256_hex(text).substr(0, 12);
  }

  std::filesystem::path shared(const std::string& id) const { return config_.folder / "shared" / id; }

  void add_stages(const StudyCell& cell, std::uint64_t seed) {
    Chain chain{cell, seed, load(cell, seed, config_.folder / "unused", {}), {}, {}, {}, {}, {}};
    add_log(chain);
    chain.origin = chain.before;
    if (config_.until == StudyEnd::fit_clicks || needs_click_models(chain.asked.experiment))
      add_first(StudyStage::clicks, chain);
    if (config_.until != StudyEnd::fit_clicks) {
      if (config_.imitation) add_first(StudyStage::imitation, chain);
      add_first(StudyStage::warmup, chain);
      add_shared(StudyStage::rewards, chain);
    }
    const std::filesystem::path folder = config_.folder / "runs" / cell.name / fmt::format("seed-{}", seed);
    StudyRun run{cell.name, seed, folder, load(cell, seed, folder, chain.log), chain.stages, 0};
    if (config_.until == StudyEnd::evaluate) {
      refuse_twins(id_of(StudyStage::train, chain), chain);
      for (const StudyStage stage : {StudyStage::train, StudyStage::evaluate})
        add_next(id_of(stage, chain), stage, folder, run.experiment, chain);
    }
    run.last = chain.after.back();
    plan_.runs.push_back(std::move(run));
  }

  void add_log(Chain& chain) {
    chain.log = chain.asked.experiment.log;
    if (!config_.simulate) {
      chain.before = contents_.of_log(chain.log);
      return;
    }
    chain.before = config_.control;
    const std::string id = id_of(StudyStage::log, chain);
    chain.log = shared(id);
    add_next(id, StudyStage::log, chain.log,
             load(chain.cell, chain.seed, config_.folder / "unused", chain.log), chain);
  }

  /// A stage that needs the log alone.
  void add_first(StudyStage stage, Chain& chain) {
    Chain from_log = chain;
    from_log.before = chain.origin;
    from_log.after.resize(config_.simulate ? 1 : 0);
    from_log.stages.clear();
    add_shared(stage, from_log);
    chain.before += " " + from_log.before;
    chain.after.push_back(from_log.after.back());
    chain.stages.push_back(from_log.after.back());
  }

  void add_shared(StudyStage stage, Chain& chain) {
    const std::string id = id_of(stage, chain);
    add_next(id, stage, shared(id), load(chain.cell, chain.seed, shared(id), chain.log), chain);
    chain.stages.push_back(chain.after.back());
  }

  /// A stage that waits for all stages before it.
  void add_next(const std::string& id, StudyStage stage, const std::filesystem::path& folder,
                LoadedExperiment experiment, Chain& chain) {
    const auto [known, fresh] = by_id_.try_emplace(id, plan_.jobs.size());
    if (fresh)
      plan_.jobs.push_back(
          {id, stage, folder, std::move(experiment), chain.after, chain.stages, {}, chain.seed});
    auto& cells = plan_.jobs[known->second].wanted_by;
    if (std::ranges::find(cells, chain.cell.name) == cells.end()) cells.push_back(chain.cell.name);
    chain.after.push_back(known->second);
    chain.before = id;
  }

  void refuse_twins(const std::string& train, const Chain& chain) {
    const auto [known, fresh] = trained_by_.try_emplace(train, chain.cell.name);
    require(fresh, "it is the same experiment as cell {} (seed {}): no key that counts differs",
            known->second, chain.seed);
  }

  const StudyConfig& config_;
  StudyPlan plan_;
  std::map<std::string, std::size_t> by_id_;
  std::map<std::string, std::string> trained_by_;  ///< cell by job
  ContentHashes contents_;
  std::set<std::string> broken_;
  std::vector<std::string> problems_;
};

}  // namespace

StudyPlan plan_study(const StudyConfig& config) {
  return StudyPlanner(config).run();
}

}  // namespace pagewright
