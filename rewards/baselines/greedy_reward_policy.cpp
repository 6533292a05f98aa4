#include "rewards/baselines/greedy_reward_policy.hpp"

#include <algorithm>
#include <limits>

#include "core/base/error.hpp"
#include "core/iteration/page_walk.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kRequestsAtOnce = 32;

/// Pages to be judged together, and the policy's next step for each request.
class RewardCompositions {
 public:
  RewardCompositions(const PageLanguage& language, std::span<const KeyedRequest> requests,
                     const SampleOptions& options)
      : requests_(requests) {
    walks_.reserve(requests.size());
    for (const KeyedRequest& request : requests) walks_.emplace_back(language, request, options);
    for (PageWalk& walk : walks_) go_to_next_item(walk);
  }

  const std::vector<PageWalk>& walks() const { return walks_; }

  /// Rewards of every candidate's page, [requests][M]; minus infinity for candidates that are not allowed,
  /// empty for finished pages.
  std::vector<std::vector<double>> judge(const PageRewards& rewards) const {
    std::vector<KeyedRequest> of_page;
    std::vector<Trajectory> pages;
    for (std::size_t i = 0; i < walks_.size(); ++i)
      for (const std::int32_t candidate : walks_[i].items()) {
        of_page.push_back(requests_[i]);
        pages.push_back(walks_[i].closed_with(candidate, static_cast<int>(of_page.size()) - 1));
      }
    std::vector<std::vector<double>> judged(walks_.size());
    if (pages.empty()) return judged;
    const std::vector<double> values = rewards(of_page, pages);
    require(values.size() == pages.size(), "greedy reward policy: {} rewards for {} pages", values.size(),
            pages.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      if (walks_[i].finished()) continue;
      judged[i].assign(requests_[i].request->candidates.size(), -std::numeric_limits<double>::infinity());
      for (const std::int32_t candidate : walks_[i].items())
        judged[i][static_cast<std::size_t>(candidate)] = values[next++];
    }
    return judged;
  }

  /// Places the best candidate of every unfinished page; false when all are finished.
  bool step(const PageRewards& rewards) {
    const std::vector<std::vector<double>> judged = judge(rewards);
    bool moved = false;
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      if (walks_[i].finished()) continue;
      walks_[i].place(best_of(walks_[i].items(), judged[i]));
      go_to_next_item(walks_[i]);
      moved = true;
    }
    return moved;
  }

 private:
  static void go_to_next_item(PageWalk& walk) {
    while (!walk.finished() && walk.items().empty()) walk.take_structure();
  }
  static std::int32_t best_of(std::span<const std::int32_t> items, const std::vector<double>& values) {
    return *std::min_element(items.begin(), items.end(), [&](std::int32_t left, std::int32_t right) {
      const double a = values[static_cast<std::size_t>(left)], b = values[static_cast<std::size_t>(right)];
      return a != b ? a > b : left < right;
    });
  }

  std::span<const KeyedRequest> requests_;
  std::vector<PageWalk> walks_;
};

/// Calls `use` with consecutive parts of the requests.
template <class Use>
void in_parts(std::span<const KeyedRequest> requests, Use&& use) {
  for (std::size_t first = 0; first < requests.size(); first += kRequestsAtOnce)
    use(requests.subspan(first, std::min(kRequestsAtOnce, requests.size() - first)));
}

}  // namespace

GreedyRewardPolicy::GreedyRewardPolicy(const PageLanguage& language, PageRewards rewards, std::string name)
    : language_(&language), rewards_(std::move(rewards)), name_(std::move(name)) {}

std::vector<Trajectory> GreedyRewardPolicy::generate(std::span<const KeyedRequest> requests,
                                                     const SampleOptions& options) {
  std::vector<Trajectory> result;
  in_parts(requests, [&](std::span<const KeyedRequest> part) {
    RewardCompositions compositions(*language_, part, options);
    while (compositions.step(rewards_)) {
    }
    for (const PageWalk& walk : compositions.walks())
      for (int sample = 0; sample < options.samples; ++sample) result.push_back(walk.trajectory(sample));
  });
  return result;
}

std::vector<std::vector<float>> GreedyRewardPolicy::log_probs(std::span<const KeyedRequest>,
                                                              std::span<const Trajectory>) {
  fail("policy '{}' is deterministic and has no density: it cannot give log-probabilities", name_);
}

std::vector<std::vector<double>> GreedyRewardPolicy::first_slot_scores(
    std::span<const KeyedRequest> requests) {
  std::vector<std::vector<double>> result;
  in_parts(requests, [&](std::span<const KeyedRequest> part) {
    for (std::vector<double>& scores : RewardCompositions(*language_, part, {}).judge(rewards_))
      result.push_back(std::move(scores));
  });
  return result;
}

}  // namespace pagewright
