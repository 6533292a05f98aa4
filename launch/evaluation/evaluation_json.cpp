#include "launch/evaluation/evaluation_json.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kEvaluationFormat = "pagewright-evaluation";

const std::map<std::string, GrammarUse> kGrammarUses = {
    {"on", GrammarUse::on},
    {"off, trained for", GrammarUse::off_trained_for},
    {"off, not trained for", GrammarUse::off_not_trained_for}};

OrderedJson number_or_null(double value) {
  return std::isfinite(value) ? OrderedJson(value) : OrderedJson(nullptr);
}

double number_from(const OrderedJson& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

OrderedJson json_of_metrics(const MetricEstimates& metrics) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, estimate] : metrics)
    json[name] = {{"mean", number_or_null(estimate.mean)},
                  {"low", number_or_null(estimate.low)},
                  {"high", number_or_null(estimate.high)},
                  {"n", estimate.n}};
  return json;
}

MetricEstimates metrics_from(const OrderedJson& json) {
  MetricEstimates metrics;
  for (const auto& [name, value] : json.items())
    metrics[name] = {number_from(value.at("mean")), number_from(value.at("low")),
                     number_from(value.at("high")), value.at("n").get<std::int64_t>()};
  return metrics;
}

OrderedJson json_of_evaluation(const Evaluation& evaluation) {
  OrderedJson json;
  json["requests"] = evaluation.requests;
  json["users"] = evaluation.users;
  for (const char* part : {"policies", "invalid", "first_slot", "differences"})
    json[part] = OrderedJson::object();
  for (const PolicySummary& policy : evaluation.policies) {
    json["policies"][policy.name] = json_of_metrics(policy.metrics);
    json["invalid"][policy.name] = policy.causes;
  }
  for (const PolicySummary& policy : evaluation.first_slot)
    json["first_slot"][policy.name] = json_of_metrics(policy.metrics);
  for (const DifferenceSummary& difference : evaluation.differences)
    json["differences"][difference.name()] = json_of_metrics(difference.metrics);
  return json;
}

DifferenceSummary difference_from(const std::string& name, const OrderedJson& json) {
  const std::size_t border = name.find(" - ");
  require(border != std::string::npos, "\"{}\" does not name a difference (\"left - right\")", name);
  return {name.substr(0, border), name.substr(border + 3), metrics_from(json)};
}

Evaluation evaluation_from(const OrderedJson& json) {
  Evaluation evaluation;
  evaluation.requests = json.at("requests").get<std::int64_t>();
  evaluation.users = json.at("users").get<std::int64_t>();
  const OrderedJson& invalid = json.at("invalid");
  for (const auto& [name, metrics] : json.at("policies").items()) {
    PolicySummary& policy = evaluation.policies.emplace_back();
    policy.name = name;
    policy.metrics = metrics_from(metrics);
    if (const auto causes = invalid.find(name); causes != invalid.end())
      policy.causes = causes->get<std::map<std::string, std::int64_t>>();
  }
  for (const auto& [name, metrics] : json.at("first_slot").items())
    evaluation.first_slot.push_back({name, metrics_from(metrics), {}});
  for (const auto& [name, metrics] : json.at("differences").items())
    evaluation.differences.push_back(difference_from(name, metrics));
  return evaluation;
}

EvaluationReport report_from(const OrderedJson& json) {
  require(json.is_object() && json.value("format", "") == kEvaluationFormat,
          "this is not an evaluation file of Pagewright");
  const int version = json.at("version").get<int>();
  require(version <= kEvaluationFormatVersion,
          "format version {} is newer than the {} that this build knows; update it", version,
          kEvaluationFormatVersion);
  EvaluationReport report;
  const std::string grammar = json.value("grammar", "on");
  require(kGrammarUses.contains(grammar), "\"grammar\": \"{}\" is not known", grammar);
  report.grammar = kGrammarUses.at(grammar);
  report.all = evaluation_from(json);
  for (const auto& [name, slice] : json.at("slices").items())
    report.slices.emplace_back(name, evaluation_from(slice));
  return report;
}

}  // namespace

void write_evaluation(const std::filesystem::path& path, const EvaluationReport& report) {
  OrderedJson json;
  json["format"] = kEvaluationFormat;
  json["version"] = kEvaluationFormatVersion;
  for (const auto& [name, use] : kGrammarUses)
    if (use == report.grammar) json["grammar"] = name;
  json.update(json_of_evaluation(report.all));
  json["slices"] = OrderedJson::object();
  for (const auto& [name, slice] : report.slices) json["slices"][name] = json_of_evaluation(slice);
  write_file_atomically(path, json.dump(1) + "\n");
}

EvaluationReport read_evaluation(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  return with_context(path.string(), [&] { return report_from(OrderedJson::parse(text)); });
}

}  // namespace pagewright
