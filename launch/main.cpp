#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "core/base/file.hpp"
#include "launch/verbs.hpp"

int main(int argc, char** argv) {
  CLI::App app{
      "Pagewright trains a language model that composes whole result pages from the clicks and purchases a "
      "shop logs.\n"
      "Start with `pagewright doctor`, then `pagewright init LOG.jsonl` on your own log or "
      "./launch/quickstart.sh for a tour."};
  app.name("pagewright");
  app.set_version_flag("--version", "pagewright 0.1.0");
  app.require_subcommand(1);
  app.fallthrough(false);
  pagewright::add_doctor_verb(app);
  pagewright::add_init_verb(app);
  pagewright::add_import_verb(app);
  pagewright::add_inspect_verb(app);
  pagewright::add_simulate_verb(app);
  pagewright::add_sft_verb(app);
  pagewright::add_fit_reward_verb(app);
  pagewright::add_train_verb(app);
  pagewright::add_evaluate_verb(app);
  pagewright::add_generate_verb(app);
  pagewright::add_report_verb(app);
  pagewright::ignore_file_size_signal();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pagewright: %s\n", error.what());
    return 1;
  }
  return 0;
}
