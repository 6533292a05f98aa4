#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "core/data/log_file.hpp"
#include "core/data/log_summary.hpp"
#include "core/page/page_json.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

namespace {

/// The first held-out requests of a log as JSON Lines.
void print_requests(const std::string& folder, int count) {
  for (const LoggedRequest& logged : load_log(folder).requests) {
    if (logged.split != Split::test || count-- <= 0) continue;
    std::cout << request_to_json(logged.request) << '\n';
  }
}

}  // namespace

void add_inspect_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("inspect", "Show what a feedback log holds and what looks wrong with it");
  const auto folder = std::make_shared<std::string>();
  verb->add_option("log", *folder, "folder of the log")->required();
  const auto requests = std::make_shared<int>(0);
  verb->add_option(
      "--requests", *requests,
      "print so many requests of the test split as JSON Lines instead, as `generate` reads them");
  verb->callback([folder, requests] {
    if (*requests > 0)
      print_requests(*folder, *requests);
    else
      std::cout << summarise_log(*folder).text();
  });
}

}  // namespace pagewright
