#include "launch/held_out_judge.hpp"

#include "launch/line_up.hpp"
#include "launch/model_folder.hpp"
#include "launch/reward_fitting.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kJudgedRequests = 256;
constexpr std::uint64_t kJudgeIteration =
    (1U << 29) + 1;  ///< "iteration" of the judged pages' random numbers

std::vector<KeyedRequest> validation_requests(const FeedbackLog& log) {
  std::vector<KeyedRequest> requests;
  for (std::size_t i = 0; i < log.requests.size() && requests.size() < kJudgedRequests; ++i)
    if (log.requests[i].split == Split::valid)
      requests.push_back({&log.requests[i].request, static_cast<std::int64_t>(i)});
  return requests;
}

}  // namespace

HeldOutJudge::HeldOutJudge(Workbench& bench)
    : bench_(bench),
      judge_(load_model(bench.run().reward(kJudgeName),
                        page_model_shape(bench.experiment(), PageModelForm::utility), "page-model",
                        bench.language().hash())
                 .on(bench.device())),
      gains_(gain_weights(bench.experiment().rewards.gains, bench.log())),
      world_(world_of_log(bench.experiment())),
      requests_(validation_requests(bench.log())) {}

std::map<std::string, double> HeldOutJudge::measure(Policy& policy) const {
  if (requests_.empty()) return {};
  SampleOptions options;
  options.seed = bench_.experiment().seed;
  options.iteration = kJudgeIteration;
  const std::vector<Trajectory> pages = policy.generate(requests_, options);
  const GroupedPages grouped = group_pages(bench_.language(), requests_, pages);
  const RewardScale unscaled;
  const LearnedTermContext context{bench_.language().vocabulary(), unscaled, bench_.pool()};
  double reward = 0;
  for (const PageScores& scores :
       score_pages(context, judge_.view(), PageModelForm::utility, gains_, grouped.groups))
    reward += scores.page;
  const auto count = static_cast<double>(requests_.size());
  std::map<std::string, double> measured{{"held_out_reward", reward / count}};
  if (world_) {
    double utility = 0;
    for (std::size_t i = 0; i < pages.size(); ++i)
      utility += world_->truth(*requests_[i].request, pages[i].page).utility(gains_);
    measured["true_utility"] = utility / count;
  }
  return measured;
}

}  // namespace pagewright
