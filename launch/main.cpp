#include <cstdio>
#include <exception>
#include <optional>
#include <set>
#include <string>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "distributed/agreement.hpp"
#include "distributed/job.hpp"
#include "launch/requeue.hpp"
#include "launch/verbs.hpp"

namespace {

using namespace pagewright;

void add_verbs(CLI::App& app, Job& job) {
  add_doctor_verb(app);
  add_init_verb(app);
  add_import_verb(app);
  add_inspect_verb(app);
  add_simulate_verb(app);
  add_sft_verb(app, job);
  add_fit_clicks_verb(app);
  add_fit_reward_verb(app, job);
  add_train_verb(app, job);
  add_evaluate_verb(app);
  add_generate_verb(app);
  add_export_verb(app);
  add_report_verb(app);
  add_study_verb(app);
  add_postmortem_verb(app);
}

/// The others would all write the same files.
void refuse_several_processes(CLI::App& app, const Job& job) {
  static const std::set<std::string> kOnManyRanks{"sft", "fit-reward", "train"};
  if (job.size() == 1) return;
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (const std::string name = verb->get_name(); !kOnManyRanks.contains(name))
      verb->preparse_callback([name, size = job.size()](std::size_t) {
        throw AgreedError(
            fmt::format("`{}` is the work of one process, but {} were started; leave mpirun or srun away",
                        name, size),
            size);
      });
}

/// What this process says it is called, in messages.
std::string speaker(const Job& job) {
  return job.size() == 1 ? "pagewright" : fmt::format("pagewright (rank {} of {})", job.rank(), job.size());
}

int run(CLI::App& app, int argc, char** argv, Job& job) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (job.rank() != 0) return error.get_exit_code() == 0 ? 0 : 1;
    return app.exit(error) == 0 ? 0 : 1;
  } catch (const Requeue& error) {
    if (job.rank() == 0) std::fprintf(stderr, "pagewright: %s\n", error.what());
    return Requeue::kCode;
  } catch (const AgreedError& error) {
    // Ranks outside the group that agreed do not know of it.
    if (job.rank() == 0) std::fprintf(stderr, "pagewright: %s\n", error.what());
    if (job.rank() == 0 && error.ranks() < job.size()) job.abort(1);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", speaker(job).c_str(), error.what());
    if (job.size() > 1) job.abort(1);
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Pagewright trains a language model that composes whole result pages from the clicks and purchases a "
      "shop logs.\n"
      "Start with `pagewright doctor`, then `pagewright init LOG.jsonl` on your own log or "
      "./launch/quickstart.sh for a tour.\n"
      "sft, fit-reward and train also run as many processes: mpirun -n 4 pagewright train CONFIG.yaml"};
  app.name("pagewright");
  app.set_version_flag("--version", "pagewright 0.1.0");
  app.require_subcommand(1);
  app.fallthrough(false);
  ignore_file_size_signal();
  std::optional<Job> job;
  try {
    job.emplace();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pagewright: %s\n", error.what());
    return 1;
  }
  if (job->size() > 1)
    init_logging({.level = LogLevel::info, .rank = job->rank(), .size = job->size(), .file = {}});
  // What a verb prints is the same on all ranks.
  if (job->rank() > 0 && std::freopen("/dev/null", "w", stdout) == nullptr) return 1;
  add_verbs(app, *job);
  refuse_several_processes(app, *job);
  return run(app, argc, argv, *job);
}
