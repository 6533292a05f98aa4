#include "launch/report/verdict.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "launch/report/html.hpp"

namespace pagewright {
namespace {

struct VerdictMeasure {
  const char* metric;  ///< prefix of the metric's name
  const char* name;    ///< what there is more of
};

constexpr std::array<VerdictMeasure, 3> kTrueMeasures = {
    {{"true_utility", "worth"}, {"true_gmv", "revenue"}, {"true_ctr", "clicks"}}};
constexpr std::array<VerdictMeasure, 2> kLoggedMeasures = {
    {{"ndcg@", "ranking quality (NDCG)"}, {"mrr", "reciprocal rank of the chosen item (MRR)"}}};

const std::pair<const std::string, Estimate>* find_metric(const MetricEstimates& metrics,
                                                          const std::string& prefix) {
  const auto found = metrics.lower_bound(prefix);
  const bool exact = prefix.back() != '@';
  if (found == metrics.end() || !found->first.starts_with(prefix)) return nullptr;
  return exact && found->first != prefix ? nullptr : &*found;
}

template <std::size_t N>
std::vector<VerdictFigure> figures_of(const std::array<VerdictMeasure, N>& measures,
                                      const MetricEstimates& differences, const MetricEstimates& baseline) {
  std::vector<VerdictFigure> figures;
  for (const VerdictMeasure& measure : measures) {
    const auto* difference = find_metric(differences, measure.metric);
    const auto* mean = find_metric(baseline, measure.metric);
    if (difference == nullptr || mean == nullptr || !(mean->second.mean > 0)) continue;
    const Estimate& estimate = difference->second;
    if (!std::isfinite(estimate.low) || !std::isfinite(estimate.high)) continue;
    const double base = mean->second.mean;
    figures.push_back(
        {difference->first, measure.name, estimate.mean / base, estimate.low / base, estimate.high / base});
  }
  return figures;
}

VerdictKind kind_of(const std::vector<VerdictFigure>& figures) {
  if (figures.empty()) return VerdictKind::unknown;
  bool other_loses = false;
  for (std::size_t i = 1; i < figures.size(); ++i) other_loses = other_loses || figures[i].sign() < 0;
  switch (figures.front().sign()) {
    case 1:
      return other_loses ? VerdictKind::mixed : VerdictKind::better;
    case -1:
      return VerdictKind::worse;
    default:
      return VerdictKind::not_shown;
  }
}

std::string change_words(const VerdictFigure& figure) {
  if (figure.sign() == 0)
    return fmt::format("no shown change in {} ({})", figure.name, signed_percent(figure.change));
  const char* less = figure.name == "clicks" ? "fewer" : "less";
  return fmt::format("{} {} {}", percent_text(std::abs(figure.change)), figure.sign() > 0 ? "more" : less,
                     figure.name);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

std::string verdict_headline(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::better:
      return "Better";
    case VerdictKind::worse:
      return "Worse";
    case VerdictKind::mixed:
      return "Better on one count, worse on another";
    case VerdictKind::not_shown:
      return "Not shown to be better";
    case VerdictKind::unknown:
      return "No verdict";
  }
  return {};
}

std::string verdict_sentence(VerdictKind kind, const std::vector<VerdictFigure>& figures,
                             const std::string& policy, const std::string& baseline) {
  const VerdictFigure& main = figures.front();
  if (kind == VerdictKind::not_shown) {
    std::vector<std::string> rest;
    for (std::size_t i = 1; i < figures.size(); ++i)
      if (figures[i].sign() != 0) rest.push_back(change_words(figures[i]));
    return fmt::format(
        "Compared with {}, {} change the {} by {}, but the difference could as well be none at all: it lies "
        "between "
        "{} and {}.{}",
        policy_words(baseline), policy_words(policy), main.name, signed_percent(main.change),
        signed_percent(main.low), signed_percent(main.high),
        rest.empty() ? "" : " Shown are " + joined(rest) + ".");
  }
  std::vector<std::string> parts;
  for (const VerdictFigure& figure : figures) parts.push_back(change_words(figure));
  if (main.name != kTrueMeasures[0].name)
    return fmt::format("Compared with {}, {} bring {}.", policy_words(baseline), policy_words(policy),
                       joined(parts));
  parts.erase(parts.begin());
  return fmt::format("Compared with {}, {} are worth {} {}{}{}.", policy_words(baseline),
                     policy_words(policy), percent_text(std::abs(main.change)),
                     main.sign() > 0 ? "more" : "less", parts.empty() ? "" : ": ", joined(parts));
}

std::string verdict_surety(const Evaluation& evaluation, const std::vector<VerdictFigure>& figures,
                           bool truth) {
  std::vector<std::string> ranges;
  for (const VerdictFigure& figure : figures)
    ranges.push_back(fmt::format("{} between {} and {}", figure.name, signed_percent(figure.low),
                                 signed_percent(figure.high)));
  const std::string basis =
      truth ? "This is a simulated shop, so each page's true expected clicks and revenue are known; the "
              "policies "
              "never saw them. “Worth” adds a click's and a purchase's gain as the configuration weighs them."
            : "Measured by the clicks and purchases in the log. They were made on the pages shown, which "
              "favours the "
              "order shown; a change in sales can only be shown by a test with shoppers.";
  return fmt::format(
      "How sure: on {} requests of {} shoppers who were kept out of training, the same requests for both, "
      "the change "
      "lies with 95 % confidence in these ranges: {}. {}",
      count_text(evaluation.requests), count_text(evaluation.users), joined(ranges), basis);
}

}  // namespace

std::string policy_words(const std::string& name) {
  if (name == "logged") return "the pages shown until now";
  if (name == "warmup") return "the pages of the warm-up";
  if (name == "imitation") return "the pages of the imitation of what was shown";
  return "the pages of “" + name + "”";
}

Verdict judge(const Evaluation& evaluation, const std::string& policy, const std::string& baseline) {
  Verdict verdict;
  const DifferenceSummary* difference = evaluation.find_difference(policy, baseline);
  const PolicySummary* base = evaluation.find_policy(baseline);
  if (difference != nullptr && base != nullptr) {
    verdict.figures = figures_of(kTrueMeasures, difference->metrics, base->metrics);
    const bool truth = !verdict.figures.empty();
    if (!truth) verdict.figures = figures_of(kLoggedMeasures, difference->metrics, base->metrics);
    verdict.kind = kind_of(verdict.figures);
    if (verdict.kind != VerdictKind::unknown) {
      verdict.sentence = verdict_sentence(verdict.kind, verdict.figures, policy, baseline);
      verdict.surety = verdict_surety(evaluation, verdict.figures, truth);
    }
  }
  verdict.headline = verdict_headline(verdict.kind);
  if (verdict.kind == VerdictKind::unknown)
    verdict.sentence = fmt::format(
        "The evaluation does not compare “{}” with “{}”, so nothing can be said about it.", policy, baseline);
  return verdict;
}

}  // namespace pagewright
