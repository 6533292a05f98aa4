#include <algorithm>
#include <cmath>

#include "core/base/hash.hpp"
#include "launch/report/report_data.hpp"

namespace pagewright {
namespace {

bool engaged_with(const PageExample& example) {
  return std::any_of(example.feedback.begin(), example.feedback.end(),
                     [](const SlotFeedback& slot) { return slot.clicks + slot.carts + slot.purchases > 0; });
}

/// A request both policies have different, valid pages for.
struct ExampleCandidate {
  std::size_t index;
  double gain;  ///< not a number where it is not measured
  std::uint64_t draw;
  bool engaged;
};

}  // namespace

PageMeasure page_measure(const std::vector<PageExample>& examples) {
  for (const PageExample& example : examples)
    for (const PolicyExample& policy : example.policies)
      if (!std::isnan(policy.metrics.true_utility))
        return {&PageMetrics::true_utility, "true worth of the page"};
  return {&PageMetrics::ndcg, "chosen items near the top (NDCG)"};
}

std::vector<ShownExample> choose_examples(const std::vector<PageExample>& examples, const std::string& policy,
                                          const std::string& baseline, std::size_t count) {
  const PageMeasure measure = page_measure(examples);
  std::vector<ExampleCandidate> candidates;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const PolicyExample* after = examples[i].find(policy);
    const PolicyExample* before = examples[i].find(baseline);
    if (after == nullptr || before == nullptr || !after->violations.empty() || !before->violations.empty() ||
        after->page == before->page)
      continue;
    candidates.push_back({i, after->metrics.*measure.metric - before->metrics.*measure.metric,
                          mix64(static_cast<std::uint64_t>(examples[i].key) + 1), engaged_with(examples[i])});
  }
  std::vector<ShownExample> shown;
  const auto take = [&](std::size_t index, const std::string& words) {
    const bool there =
        std::any_of(shown.begin(), shown.end(), [&](const ShownExample& s) { return s.example == index; });
    if (!there && shown.size() < count) shown.push_back({index, words, {}, {}, {}});
  };
  std::vector<ExampleCandidate> measured = candidates;
  std::erase_if(measured, [](const ExampleCandidate& candidate) { return std::isnan(candidate.gain); });
  const auto by_gain = [](const ExampleCandidate& a, const ExampleCandidate& b) { return a.gain < b.gain; };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const ExampleCandidate& a, const ExampleCandidate& b) {
                     return std::pair(!a.engaged, a.draw) < std::pair(!b.engaged, b.draw);
                   });
  const std::size_t extremes = measured.size() >= 2 && count > 2 ? 2 : 0;
  for (std::size_t i = 0; i < candidates.size() && i + extremes < count; ++i)
    take(candidates[i].index, "picked at random");
  if (extremes > 0) {
    take(std::max_element(measured.begin(), measured.end(), by_gain)->index,
         "the largest gain of all: " + measure.words);
    take(std::min_element(measured.begin(), measured.end(), by_gain)->index,
         "the largest loss of all: " + measure.words);
  }
  return shown;
}

}  // namespace pagewright
