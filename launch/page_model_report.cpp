#include "launch/page_model_report.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/hash.hpp"
#include "core/base/log.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/reward_quality.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

namespace {

struct EventPart {
  const char* name;
  EventLogits PageEventLogits::*logits;
  ProbabilityMap PageCalibration::*map;
};
constexpr EventPart kEventParts[] = {{"click", &PageEventLogits::click, &PageCalibration::click},
                                     {"purchase", &PageEventLogits::purchase, &PageCalibration::purchase},
                                     {"cart", &PageEventLogits::cart, &PageCalibration::cart}};

nlohmann::json reliability_json(std::span<const float> predictions, std::span<const float> outcomes) {
  nlohmann::json bins = nlohmann::json::array();
  for (const ReliabilityBin& bin : reliability(predictions, outcomes))
    bins.push_back({{"predicted", bin.predicted}, {"seen", bin.seen}, {"events", bin.events}});
  return bins;
}

nlohmann::json event_json(const EventLogits& events, const ProbabilityMap& map) {
  const std::vector<float> predictions = events.predictions(map);
  const BinaryQuality quality = binary_quality(predictions, events.outcomes);
  return {{"events", quality.events},
          {"rate", quality.rate},
          {"mean_prediction", quality.mean_prediction},
          {"auc", quality.auc},
          {"calibration_error", quality.calibration_error},
          {"reliability", reliability_json(predictions, events.outcomes)}};
}

void add_event_rows(Table& table, const std::string& model, const std::string& event,
                    const nlohmann::json& figures) {
  const std::string count = fmt::format("{}", figures.at("events").get<std::int64_t>());
  table.add_row({model, event + " AUC", fmt::format("{:.3f}", figures.at("auc").get<double>()), count});
  table.add_row({model, event + " calibration error",
                 fmt::format("{:.4f}", figures.at("calibration_error").get<double>()), count});
}

PageEventLogits trial_logits(const PageModelTrial& trial, std::span<const FeedbackPage> pages) {
  return page_event_logits(trial.bench.language(), trial.bench.log(), pages, trial.weights, trial.form,
                           trial.bench.pool());
}

bool in_first_half(const FeedbackLog& log, const FeedbackPage& page) {
  constexpr std::uint64_t kCalibrationSalt = 5;
  const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
  return stable_hash(user_key(request), kCalibrationSalt) % 2 == 0;
}

}  // namespace

nlohmann::json calibrate(PageModelTrial& trial, CalibrationKind kind) {
  if (kind == CalibrationKind::none || trial.form == PageModelForm::pairs) return {};
  const auto second =
      std::stable_partition(trial.pages.begin(), trial.pages.end(),
                            [&](const FeedbackPage& page) { return in_first_half(trial.bench.log(), page); });
  const std::vector<FeedbackPage> fitted_to(trial.pages.begin(), second);
  trial.pages.erase(trial.pages.begin(), second);
  const PageEventLogits first_half = trial_logits(trial, fitted_to),
                        other_half = trial_logits(trial, trial.pages);
  nlohmann::json report = {{"fitted_to_pages", fitted_to.size()}, {"tried_on_pages", trial.pages.size()}};
  for (const EventPart& event : kEventParts) {
    const EventLogits& seen = first_half.*event.logits;
    if (seen.members.empty()) continue;
    ProbabilityMap& map = trial.reading.calibration.*event.map;
    map = seen.fit(kind);
    if (map.kind == CalibrationKind::none)
      log_warn("{}: the held-out users have no {} or nothing else, so its probabilities stay as they are",
               trial.name, event.name);
    report[event.name] = {{"before", event_json(other_half.*event.logits, {})},
                          {"events", seen.outcomes.size()}};
    if (map.kind == CalibrationKind::temperature) report[event.name]["temperature"] = map.temperature;
  }
  return report;
}

nlohmann::json page_model_report(const PageModelTrial& trial, Table& table) {
  Workbench& bench = trial.bench;
  const LearnedTermContext context{bench.language().vocabulary(), trial.reading, bench.pool()};
  const auto score = [&](std::span<const RequestPages> groups) {
    return score_pages(context, trial.weights, trial.form, trial.gains, groups);
  };
  nlohmann::json report = {{"pairs", nlohmann::json::object()}};
  for (const PairAccuracy& family : pair_accuracy(bench.language(), bench.log(), trial.pairs, score)) {
    table.add_row({trial.name, family.family + " pairs right", fmt::format("{:.3f}", family.accuracy),
                   fmt::format("{}", family.pairs)});
    report["pairs"][family.family] = {{"accuracy", family.accuracy}, {"pairs", family.pairs}};
  }
  if (trial.form != PageModelForm::pairs) {
    const PageEventLogits logits = trial_logits(trial, trial.pages);
    for (const EventPart& event : kEventParts) {
      const EventLogits& of_event = logits.*event.logits;
      if (of_event.members.empty()) continue;
      report[event.name] = event_json(of_event, trial.reading.calibration.*event.map);
      add_event_rows(table, trial.name, event.name, report[event.name]);
    }
  }
  if (trial.truth.known()) {
    report["truth"] = trial.truth.of_page_scores(score(trial.truth.pages()), trial.reading.page_pessimism);
    table.add_row({trial.name, "rank correlation with true utility, random pages",
                   fmt::format("{:.3f}", report["truth"]["spearman"].get<double>()),
                   fmt::format("{}", report["truth"]["pages"].get<std::int64_t>())});
  }
  return report;
}

}  // namespace pagewright
