#pragma once
// One function per verb: adds the subcommand with its help and a callback that does the work. A callback
// reports a problem by throwing Error; main() prints it and exits with 1. Verbs that take the job run on all
// of its ranks; it must outlive the app.

namespace CLI {
class App;
}

namespace pagewright {

class Job;

void add_doctor_verb(CLI::App& app);
void add_init_verb(CLI::App& app);
void add_import_verb(CLI::App& app);
void add_inspect_verb(CLI::App& app);
void add_simulate_verb(CLI::App& app);
void add_sft_verb(CLI::App& app, Job& job);
void add_fit_clicks_verb(CLI::App& app);
void add_fit_reward_verb(CLI::App& app, Job& job);
void add_train_verb(CLI::App& app, Job& job);
void add_evaluate_verb(CLI::App& app);
void add_generate_verb(CLI::App& app);
void add_export_verb(CLI::App& app);
void add_report_verb(CLI::App& app);
void add_study_verb(CLI::App& app);
void add_postmortem_verb(CLI::App& app);

}  // namespace pagewright
