#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/data/import.hpp"
#include "core/data/log_summary.hpp"
#include "launch/initial_config.hpp"
#include "launch/verbs.hpp"

namespace pagewright {
namespace {

struct InitArguments {
  std::string source;
  std::string out = "runs/mine";
  ImportOptions options;
};

void run_init(const InitArguments& arguments) {
  const std::filesystem::path out(arguments.out);
  const auto config = out / "config.yaml";
  require(!std::filesystem::exists(config), "{}: exists already; choose another --out, or remove it",
          config.string());
  std::filesystem::path log(arguments.source);
  require(std::filesystem::exists(log), "{}: no such file or folder", log.string());
  if (!std::filesystem::is_directory(log)) {
    const auto file = log;
    log = out / "log";
    require(!std::filesystem::exists(log), "{0}: exists already; use it: pagewright init {0} --out {1}",
            log.string(), out.string());
    std::cout << import_log({file}, log, arguments.options).text() << "\n";
  }
  const auto summary = summarise_log(log);
  std::cout << summary.text() << "\n";
  const auto text = initial_config(summary, {(out / "run").string(), log.string()});
  make_folders(out);
  write_file_atomically(config, text);
  std::cout << "wrote " << config.string() << "; read it, then run: pagewright train " << config.string()
            << "\n";
}

}  // namespace

void add_init_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("init", "Look at a log of your own and write a first configuration for it");
  const auto arguments = std::make_shared<InitArguments>();
  verb->add_option("log", arguments->source, "a file of pages (it is imported), or the folder of a log")
      ->required();
  verb->add_option("--out", arguments->out, "folder for the configuration and the imported log")
      ->capture_default_str();
  verb->add_option("--format", arguments->options.format,
                   "format of the file, see 'pagewright import --help'")
      ->capture_default_str();
  verb->add_flag("--strict", arguments->options.strict, "stop at the first row that cannot be used");
  verb->callback([arguments] { run_init(*arguments); });
}

}  // namespace pagewright
