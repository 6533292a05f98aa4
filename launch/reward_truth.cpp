#include "launch/reward_truth.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "launch/line_up.hpp"
#include "rewards/models/correlation.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "rollout/baselines/random_policy.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kTruthRequests = 1000;
constexpr int kTruthPages = 4;  ///< of a request
constexpr std::uint64_t kTruthIteration =
    (1U << 29) + 2;  ///< "iteration" of the random pages' random numbers

std::vector<KeyedRequest> requests_of_split(const FeedbackLog& log, Split split) {
  std::vector<KeyedRequest> requests;
  for (std::size_t i = 0; i < log.requests.size() && requests.size() < kTruthRequests; ++i)
    if (log.requests[i].split == split)
      requests.push_back({&log.requests[i].request, static_cast<std::int64_t>(i)});
  return requests;
}

/// Share of pairs of pages of one group whose better one scores higher; a tie of scores counts one half.
nlohmann::json order_within_groups(std::span<const RequestPages> groups, std::span<const double> score,
                                   std::span<const double> utility) {
  double right = 0;
  std::int64_t pairs = 0;
  std::size_t begin = 0;
  for (const RequestPages& group : groups) {
    const std::size_t end = begin + group.pages.size();
    for (std::size_t a = begin; a < end; ++a)
      for (std::size_t b = a + 1; b < end; ++b) {
        if (utility[a] == utility[b]) continue;
        ++pairs;
        const double gap = (score[a] - score[b]) * (utility[a] - utility[b]);
        right += gap > 0 ? 1.0 : gap == 0 ? 0.5 : 0.0;
      }
    begin = end;
  }
  return {{"accuracy", pairs > 0 ? right / static_cast<double>(pairs) : 0.5}, {"pairs", pairs}};
}

}  // namespace

RewardTruth::RewardTruth(Workbench& bench, const GainWeights& gains) {
  const std::unique_ptr<World> world = world_of_log(bench.experiment());
  if (!world) return;
  std::vector<KeyedRequest> drawn = requests_of_split(bench.log(), Split::test);
  if (drawn.empty()) drawn = requests_of_split(bench.log(), Split::valid);
  SampleOptions options;
  options.seed = bench.experiment().seed;
  options.iteration = kTruthIteration;
  options.samples = kTruthPages;
  const std::vector<Trajectory> trajectories = RandomPolicy(bench.language()).generate(drawn, options);
  std::vector<KeyedRequest> requests;  // of the trajectories
  for (const KeyedRequest& request : drawn) requests.insert(requests.end(), kTruthPages, request);
  pages_ = group_pages(bench.language(), requests, trajectories);
  for (const RequestPages& group : pages_.groups) {
    const RequestTruth truth(*world, *group.request);
    for (const Page& page : group.pages) {
      const PageTruth of_page = truth.page(page);
      utility_.push_back(of_page.utility(gains));
      attractiveness_.emplace_back();
      for (const SlotTruth& slot : of_page.slots) attractiveness_.back().push_back(slot.attractiveness);
    }
  }
}

nlohmann::json RewardTruth::of_page_scores(std::span<const PageScores> scores, double pessimism) const {
  std::vector<double> score, spread, error;
  double total_spread = 0;
  for (std::size_t p = 0; p < scores.size(); ++p) {
    score.push_back(scores[p].page);
    spread.push_back(scores[p].page_spread);
    error.push_back(std::abs(score.back() + pessimism * spread.back() - utility_[p]));
    total_spread += spread.back();
  }
  nlohmann::json json = {{"pages", scores.size()},
                         {"pearson", pearson_correlation(score, utility_)},
                         {"spearman", spearman_correlation(score, utility_)},
                         {"same_request", order_within_groups(pages_.groups, score, utility_)}};
  if (total_spread > 0) {
    json["spread"] = total_spread / static_cast<double>(scores.size());
    json["spread_and_error"] = spearman_correlation(spread, error);
  }
  return json;
}

nlohmann::json RewardTruth::of_item_scores(std::span<const PageScores> scores) const {
  std::vector<double> score, truth;
  double total_spread = 0;
  for (std::size_t p = 0; p < scores.size(); ++p) {
    score.insert(score.end(), scores[p].slots.begin(), scores[p].slots.end());
    truth.insert(truth.end(), attractiveness_[p].begin(), attractiveness_[p].end());
    for (const float spread : scores[p].slot_spread) total_spread += spread;
  }
  nlohmann::json json = {{"slots", score.size()},
                         {"pearson", pearson_correlation(score, truth)},
                         {"spearman", spearman_correlation(score, truth)}};
  if (total_spread > 0) json["spread"] = total_spread / static_cast<double>(score.size());
  return json;
}

}  // namespace pagewright
