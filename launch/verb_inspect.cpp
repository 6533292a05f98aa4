#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "core/data/log_summary.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

void add_inspect_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("inspect", "Show what a feedback log holds and what looks wrong with it");
  const auto folder = std::make_shared<std::string>();
  verb->add_option("log", *folder, "folder of the log")->required();
  verb->callback([folder] { std::cout << summarise_log(*folder).text(); });
}

}  // namespace pagewright
