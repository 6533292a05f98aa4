#include "launch/report/run_records.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {
namespace {

using RecordJson = nlohmann::ordered_json;

CurveRecord curve_from(const std::filesystem::path& file) {
  const RecordJson json = RecordJson::parse(read_file(file));
  CurveRecord curve;
  curve.name = file.stem().string();
  curve.unit = json.at("unit").get<std::string>();
  curve.best = json.at("best").get<std::size_t>();
  const auto number = [](const RecordJson& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  };
  for (const RecordJson& point : json.at("points"))
    curve.points.push_back(
        {number(point.at("epoch")), number(point.at("train_loss")), number(point.at("held_out_loss"))});
  // Nothing was trained on before the first point.
  if (!curve.points.empty() && curve.points.front().epoch == 0)
    curve.points.front().train_loss = std::numeric_limits<double>::quiet_NaN();
  return curve;
}

std::vector<std::string> text_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string figure_name(const std::string& of, const std::string& key) {
  if (of == "pairs") return key + " pairs";
  if (key == "truth") return "random pages against the truth";
  if (key == "same_request") return "random pages of one request";
  return key;
}

/// Every {"accuracy" | "auc" | "calibration_error", "pairs" | "events"} of the file, wherever it lies.
void collect_figures(const std::string& model, const std::string& name, const RecordJson& json,
                     std::vector<RewardFigure>& figures) {
  if (!json.is_object()) return;
  std::int64_t count = 0;
  for (const char* counted : {"slots", "pages", "events", "pairs"})
    if (json.contains(counted) && json[counted].is_number()) count = json[counted].get<std::int64_t>();
  const std::pair<const char*, const char*> kinds[] = {{"accuracy", "right"},
                                                       {"auc", "AUC"},
                                                       {"calibration_error", "calibration error"},
                                                       {"pearson", "correlation (Pearson)"},
                                                       {"spearman", "rank correlation (Spearman)"}};
  for (const auto& [key, words] : kinds)
    if (json.contains(key) && json[key].is_number())
      figures.push_back({model, name + ", " + words, json[key].get<double>(), count});
  for (const auto& [key, value] : json.items())
    if (key != "calibration")  // before it: drawn, not listed
      collect_figures(model, figure_name(name, key), value, figures);
}

ReliabilityRecord reliability_from(const std::string& model, const std::string& event, bool before,
                                   const RecordJson& json) {
  ReliabilityRecord record{model, event, before, json.at("calibration_error").get<double>(), {}};
  for (const RecordJson& bin : json.at("reliability"))
    record.bins.push_back({bin.at("predicted").get<double>(), bin.at("seen").get<double>()});
  return record;
}

RewardCardRecord card_from(const RecordJson& card) {
  RewardCardRecord record;
  card.at("weaknesses").get_to(record.weaknesses);
  for (const auto& [model, report] : card.at("models").items())
    for (const char* event : {"click", "purchase", "cart"}) {
      // Cards of older programs have no reliability.
      if (!report.contains(event) || !report.at(event).contains("reliability")) continue;
      if (report.contains("calibration") && report.at("calibration").contains(event))
        record.reliability.push_back(
            reliability_from(model, event, true, report.at("calibration").at(event).at("before")));
      record.reliability.push_back(reliability_from(model, event, false, report.at(event)));
    }
  return record;
}

std::vector<std::filesystem::path> curve_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  const auto rank = [](const std::filesystem::path& file) {
    const std::string name = file.stem().string();
    return std::pair(name == "warmup" ? 0 : name == "imitation" ? 1 : 2, name);
  };
  std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return files;
}

}  // namespace

RunRecords read_run_records(const std::filesystem::path& run, std::span<const std::string> policies) {
  RunRecords records;
  const auto attempt = [&](const std::filesystem::path& file, auto&& read) {
    if (!std::filesystem::exists(file)) return;
    try {
      with_context(file.string(), read);
    } catch (const Error& error) {
      records.problems.emplace_back(error.what());
    }
  };
  for (const auto& file : curve_files(run / "curves"))
    attempt(file, [&] { records.curves.push_back(curve_from(file)); });
  for (const std::string& policy : policies) {
    const std::filesystem::path folder = run / "train" / policy;
    if (!std::filesystem::exists(folder)) continue;
    TrainingRecord& training = records.trainings.emplace_back();
    training.policy = policy;
    attempt(folder / "metrics.jsonl", [&] { training.metrics = read_metrics(folder / "metrics.jsonl"); });
    attempt(folder / "warnings.txt",
            [&] { training.warnings = text_lines(read_file(folder / "warnings.txt")); });
    attempt(folder / "alarms.json", [&] { training.alarms = read_alarms(folder / "alarms.json"); });
  }
  const auto report = run / "rewards" / "report.json";
  attempt(report, [&] {
    const RecordJson models = RecordJson::parse(read_file(report));
    for (const auto& [model, value] : models.items())
      collect_figures(model, "", value, records.reward_figures);
  });
  attempt(run / "clicks" / "choice.json", [&] {
    ClicksRecord clicks{read_click_choice(run / "clicks"), {}};
    for (const std::string& model : clicks.choice.models) {
      clicks.models.push_back(read_click_model(run / "clicks", model).clicks);
      clicks.models.back().parameters.clear();
    }
    records.clicks = std::move(clicks);
  });
  const auto card = run / "rewards" / "card.json";
  attempt(card, [&] { records.reward_card = card_from(RecordJson::parse(read_file(card))); });
  return records;
}

}  // namespace pagewright
