#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"
#include "core/data/import.hpp"
#include "launch/verbs.hpp"

namespace pagewright {
namespace {

struct ImportArguments {
  bool drop_bots = false;
  BotRules bots;
  std::vector<std::string> files;
  std::string out;
  std::string split;
  std::vector<double> shares;
  std::vector<std::int64_t> times;
  ImportOptions options;
};

SplitRule import_split(const ImportArguments& arguments) {
  SplitRule rule;
  if (!arguments.split.empty()) {
    rule.kind = SplitRule::Kind::all;
    rule.all = split_from_name(arguments.split);
  } else if (!arguments.times.empty()) {
    rule.kind = SplitRule::Kind::by_time;
    rule.valid_from = arguments.times[0];
    rule.test_from = arguments.times[1];
  } else if (!arguments.shares.empty()) {
    rule.valid_share = arguments.shares[0];
    rule.test_share = arguments.shares[1];
  }
  return rule;
}

void run_import(const ImportArguments& arguments) {
  auto options = arguments.options;
  options.split = import_split(arguments);
  if (arguments.drop_bots) options.bots = arguments.bots;
  const std::vector<std::filesystem::path> files(arguments.files.begin(), arguments.files.end());
  const auto report = import_log(files, arguments.out, options);
  std::cout << report.text() << "log written to " << arguments.out << "; look at it with: pagewright inspect "
            << arguments.out << "\n";
}

void add_bot_options(CLI::App& verb, ImportArguments& arguments) {
  auto* drop =
      verb.add_flag("--drop-bots", arguments.drop_bots,
                    "leave out sessions that look like a program's, by the four rules below (0 switches "
                    "a rule off); the files are read twice");
  const auto rule = [&](const char* name, int& value, const char* help) {
    verb.add_option(name, value, help)->check(CLI::NonNegativeNumber)->capture_default_str()->needs(drop);
  };
  rule("--bot-pages-per-hour", arguments.bots.pages_per_hour, "a session with more pages within an hour");
  rule("--bot-clicks-per-hour", arguments.bots.clicks_per_hour, "a session with more clicks within an hour");
  rule("--bot-full-pages", arguments.bots.full_pages,
       "a session with so many pages on which every slot is clicked, of at least 4 slots");
  rule("--bot-clicks-a-second", arguments.bots.clicks_a_second,
       "a session with so many slots of a page clicked within a second");
}

void add_session_options(CLI::App& verb, OttoOptions& otto) {
  const auto number = [&](const char* name, int& value, const char* help) {
    verb.add_option(name, value, std::string("of the format otto: ") + help)->capture_default_str();
  };
  number("--session-history", otto.history, "last actions before the cut that are kept");
  number("--session-later", otto.least_later, "fewest new items that must follow the cut");
  number("--session-candidates", otto.candidates,
         "candidates of a page, at most half of them items that the session goes on to touch");
  number("--session-slots", otto.slots, "slots of a page");
  number("--session-pool", otto.pool_sessions, "sessions from which other items are drawn");
  verb.add_option("--session-seed", otto.seed, "of the format otto: seed of cuts, draws and orders")
      ->capture_default_str();
}

std::string import_formats_help() {
  std::string text = "format of the files:";
  for (const auto& format : log_formats()) text += fmt::format("\n{}: {}", format.name, format.description);
  return text;
}

}  // namespace

void add_import_verb(CLI::App& app) {
  auto* verb = app.add_subcommand("import", "Turn a log of pages and clicks into a feedback log");
  const auto arguments = std::make_shared<ImportArguments>();
  auto& options = arguments->options;
  verb->add_option("files", arguments->files,
                   "files to read, in this order; names that end in .gz, .xz or .zst are unpacked")
      ->required();
  verb->add_option("--out", arguments->out, "folder of the log")->required();
  verb->add_option("--format", options.format, import_formats_help())->capture_default_str();
  verb->add_option("--map", options.map, "of the format table: YAML file that says what the columns mean");
  verb->add_option("--set", options.map_sets,
                   "override a key of the map, as in --set items.file=products.csv")
      ->take_all()
      ->allow_extra_args(false);
  auto* split =
      verb->add_option("--split", arguments->split, "put all requests into one split: train, valid or test");
  auto* shares =
      verb->add_option(
              "--split-shares", arguments->shares,
              "shares of the users for valid and test, by a stable hash of the user (default 0.1 0.1)")
          ->expected(2);
  auto* times = verb->add_option("--split-times", arguments->times,
                                 "split by time: valid and test begin at these seconds since the epoch")
                    ->expected(2);
  split->excludes(shares)->excludes(times);
  shares->excludes(times);
  verb->add_flag("--append", options.append, "add parts to a log that exists");
  verb->add_flag("--strict", options.strict, "stop at the first row that cannot be used");
  verb->add_option("--show", options.shown_rows, "how many rows that cannot be used are shown")
      ->capture_default_str();
  add_session_options(*verb, options.otto);
  add_bot_options(*verb, *arguments);
  verb->callback([arguments] { run_import(*arguments); });
}

}  // namespace pagewright
