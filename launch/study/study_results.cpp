#include "launch/study/study_results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json_fields.hpp"
#include "core/base/log.hpp"
#include "core/metrics/student_t.hpp"
#include "launch/evaluation/evaluation_json.hpp"
#include "launch/page_examples.hpp"
#include "launch/run_folder.hpp"
#include "launch/study/study_folder.hpp"

namespace pagewright {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

bool is_complete(const StudyPlan& plan, const StudyRun& run) {
  return job_seconds(plan, plan.jobs[run.last]).has_value();
}

/// The folder that holds a complete run's files. One that ends before training is put together here.
void complete_run_folder(const StudyPlan& plan, const StudyRun& run) {
  RunFolder::begin(run.experiment);
  for (const std::size_t input : run.inputs) link_stage_results(plan.jobs[input].folder, run.folder);
}

double run_metric(const Evaluation& evaluation, const std::string& policy, const std::string& metric) {
  const PolicySummary* summary = evaluation.find_policy(policy);
  if (!summary) return kUnknown;
  const auto found = summary->metrics.find(metric);
  return found == summary->metrics.end() ? kUnknown : found->second.mean;
}

/// "rewards/report.json#/item/swaps/accuracy" of a run; not a number where there is none.
double run_figure(const std::filesystem::path& run, const std::string& figure) {
  const std::size_t mark = figure.find('#');
  const std::filesystem::path file = run / figure.substr(0, mark);
  if (!std::filesystem::exists(file)) return kUnknown;
  const nlohmann::json json = parse_json(read_file(file));
  const nlohmann::json::json_pointer place(figure.substr(mark + 1));
  if (!json.contains(place) || !json.at(place).is_number()) return kUnknown;
  return json.at(place).get<double>();
}

class ResultReader {
 public:
  ResultReader(const StudyPlan& plan, const StudyConfig& config) : plan_(plan), config_(config) {
    for (const StudyRun& run : plan.runs) {
      if (!is_complete(plan, run)) continue;
      complete_.push_back(&run);
      if (config.until == StudyEnd::evaluate)
        evaluations_[&run] = read_evaluation(run.folder / "evaluation.json").all;
      else
        complete_run_folder(plan, run);
    }
  }

  StudyResults run() {
    StudyResults results{config_.baseline, plan_.seeds, config_.references, {}};
    if (complete_.empty()) return results;
    for (const std::string& policy : policies())
      for (const std::string& metric : metrics(policy)) add(results, of_metric(policy, metric));
    for (const std::string& figure : config_.figures) add(results, of_figure(figure));
    return results;
  }

 private:
  static void add(StudyResults& results, StudyMeasure measure) {
    const bool known = std::ranges::any_of(measure.cells, [](const auto& cell) { return cell.mean.n > 0; });
    if (known)
      results.measures.push_back(std::move(measure));
    else
      log_warn("no complete run has the {} '{}'; it is left out",
               measure.policy.empty() ? "figure" : "metric", measure.title());
  }

  std::vector<std::string> policies() const {
    std::vector<std::string> names;
    if (config_.until != StudyEnd::evaluate) return names;
    for (const StudyRun* run : complete_)
      for (const PolicyVariant& policy : run->experiment.experiment.policies)
        if (std::ranges::find(names, policy.name) == names.end()) names.push_back(policy.name);
    return names;
  }

  /// What was asked for, or what is usual and known.
  std::vector<std::string> metrics(const std::string& policy) const {
    if (!config_.metrics.empty()) return config_.metrics;
    std::vector<std::string> known;
    const std::string cutoff = fmt::format("@{}", complete_.front()->experiment.experiment.evaluation.cutoff);
    for (const std::string& metric :
         {std::string("true_utility"), std::string("true_gmv"), std::string("true_ctr")})
      if (is_known(policy, metric)) known.push_back(metric);
    if (!known.empty()) return known;
    for (const std::string& metric : {"ndcg" + cutoff, std::string("mrr"), "recall" + cutoff})
      if (is_known(policy, metric)) known.push_back(metric);
    return known;
  }

  bool is_known(const std::string& policy, const std::string& metric) const {
    return std::ranges::any_of(evaluations_, [&](const auto& entry) {
      return std::isfinite(run_metric(entry.second, policy, metric));
    });
  }

  template <class ValueOf>
  std::vector<double> values(const std::string& cell, ValueOf&& value_of) const {
    std::vector<double> found(plan_.seeds.size(), kUnknown);
    for (const StudyRun* run : complete_) {
      if (run->cell != cell) continue;
      const auto seed = std::ranges::find(plan_.seeds, run->seed) - plan_.seeds.begin();
      found[static_cast<std::size_t>(seed)] = value_of(*run);
    }
    return found;
  }

  template <class ValueOf>
  StudyMeasure measure(std::string name, std::string policy, ValueOf&& value_of) const {
    StudyMeasure made{std::move(name), std::move(policy), false, {}, 0};
    const std::vector<double> baseline = values(config_.baseline, value_of);
    made.baseline_mean = mean_with_t_interval(baseline).mean;
    for (const std::string& cell : plan_.cells) {
      StudyCellResult result{cell, values(cell, value_of), {}, {}, {}, 0, 0, {}};
      for (std::size_t i = 0; i < baseline.size(); ++i) {
        result.differences.push_back(result.values[i] - baseline[i]);
        result.compared += std::isfinite(result.differences.back());
        result.better += result.differences.back() > 0;
      }
      result.mean = mean_with_t_interval(result.values);
      result.difference = mean_with_t_interval(result.differences);
      made.cells.push_back(std::move(result));
    }
    return made;
  }

  StudyMeasure of_metric(const std::string& policy, const std::string& metric) {
    const auto value_of = [&](const StudyRun& run) {
      return run_metric(evaluations_.at(&run), policy, metric);
    };
    StudyMeasure made = measure(metric, policy, value_of);
    made.relative = made.baseline_mean > 0;
    for (StudyCellResult& cell : made.cells) {
      for (const std::string& reference : config_.references)
        cell.over.push_back(mean_with_t_interval(values(cell.cell, [&](const StudyRun& run) {
          return run_metric(evaluations_.at(&run), policy, metric) -
                 run_metric(evaluations_.at(&run), reference, metric);
        })));
      if (plan_.seeds.size() == 1 && cell.cell != config_.baseline)
        cell.difference = difference_by_user(cell.cell, policy, metric, cell.difference);
    }
    return made;
  }

  StudyMeasure of_figure(const std::string& figure) const {
    return measure(figure, "", [&](const StudyRun& run) { return run_figure(run.folder, figure); });
  }

  const std::vector<PageExample>& pages_of(const std::string& cell) {
    for (const StudyRun* run : complete_)
      if (run->cell == cell) {
        auto& pages = pages_[run];
        if (pages.empty())
          pages = read_page_examples(run->folder / "pages.jsonl", run->experiment.experiment.schema);
        return pages;
      }
    static const std::vector<PageExample> none;
    return none;
  }

  /// Bootstrap over the users of the requests that both cells were evaluated on; `otherwise` if pages were
  /// not measured by this metric one by one.
  Estimate difference_by_user(const std::string& cell, const std::string& policy, const std::string& metric,
                              const Estimate& otherwise) {
    const auto fields = metric_fields(complete_.front()->experiment.experiment.evaluation.cutoff);
    const auto field = std::ranges::find(fields, metric, &MetricField::name);
    if (field == fields.end()) return otherwise;
    std::map<std::int64_t, double> before;
    for (const PageExample& page : pages_of(config_.baseline))
      if (const PolicyExample* shown = page.find(policy)) before[page.key] = shown->metrics.*field->value;
    std::vector<double> left, right;
    std::vector<std::string> users;
    for (const PageExample& page : pages_of(cell)) {
      const PolicyExample* shown = page.find(policy);
      const auto other = before.find(page.key);
      if (!shown || other == before.end()) continue;
      left.push_back(shown->metrics.*field->value);
      right.push_back(other->second);
      users.push_back(page.request.user.empty() ? "request " + std::to_string(page.key)
                                                : "user " + page.request.user);
    }
    if (left.empty()) return otherwise;
    const std::vector<RatioColumn> columns{difference_column(left, right)};
    return bootstrap_by_user(number_users(users), columns, {plan_.seeds.front(), 2000, 0.95}).front();
  }

  const StudyPlan& plan_;
  const StudyConfig& config_;
  std::vector<const StudyRun*> complete_;
  std::map<const StudyRun*, Evaluation> evaluations_;
  std::map<const StudyRun*, std::vector<PageExample>> pages_;
};

}  // namespace

StudyResults read_study_results(const StudyPlan& plan, const StudyConfig& config) {
  return ResultReader(plan, config).run();
}

}  // namespace pagewright
