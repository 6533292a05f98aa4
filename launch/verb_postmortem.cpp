// `pagewright postmortem`: which rank ended a job of several.

#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/table.hpp"
#include "distributed/failure/flight_record.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

namespace {

std::string state_text(const FlightEntry& entry) {
  switch (entry.state) {
    case FlightState::running:
      return entry.terminated ? "ended by the launcher" : "cut off";
    case FlightState::finished:
      return "finished";
    case FlightState::failed:
      return "failed";
    case FlightState::accusing:
      return "ended the job";
  }
  return "?";
}

std::string operation_text(const FlightEntry& entry) {
  std::string text;
  for (const FlightOperation& operation : entry.operations)
    if (operation.sequence >= 0 && (text.empty() || operation.waiting_since != 0))
      text = fmt::format("{} {}{}", operation.name, operation.sequence,
                         operation.waiting_since != 0 ? ", waiting" : "");
  return text;
}

void run_postmortem(const std::filesystem::path& run) {
  const std::filesystem::path folder = run / "logs";
  const std::vector<FlightEntry> records = read_flight_records(folder);
  require(!records.empty(),
          "{} holds no flight records; only runs of several processes write them, into RUN/logs",
          folder.string());
  std::int64_t last = 0;
  for (const FlightEntry& entry : records) last = std::max(last, entry.heartbeat);
  Table table({"rank", "name", "host", "iteration", "last operation", "end", "seconds before the last sign"});
  for (const FlightEntry& entry : records)
    table.add_row({fmt::format("{}", entry.rank), entry.name, entry.host, fmt::format("{}", entry.iteration),
                   operation_text(entry), state_text(entry),
                   fmt::format("{:.1f}", static_cast<double>(last - entry.heartbeat) / 1e9)});
  const auto sentence = diagnose(records, last, 0, /*ended=*/true);
  fmt::print("{}\n{}", sentence.value_or("no rank is to blame: all finished, or the launcher ended them all"),
             table.to_string());
}

}  // namespace

void add_postmortem_verb(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("postmortem", "say which rank ended a job of several processes, and where each was");
  auto run = std::make_shared<std::filesystem::path>();
  verb->add_option("RUN", *run, "run folder")->required();
  verb->callback([run] { run_postmortem(*run); });
}

}  // namespace pagewright
