#include "rewards/baselines/oracle_policy.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/error.hpp"
#include "core/page/page_codec.hpp"
#include "core/page/page_grammar.hpp"
#include "rewards/simulator/item_walk.hpp"

namespace pagewright {
namespace {

double goal_value(const SlotTruth& slot, OracleGoal goal, const GainWeights& weights) {
  switch (goal) {
    case OracleGoal::utility:
      return slot.utility(weights);
    case OracleGoal::gmv:
      return slot.revenue();
    case OracleGoal::clicks:
      return slot.click;
  }
  fail("oracle policy: unknown goal {}", static_cast<int>(goal));
}

}  // namespace

Page oracle_page(const RequestTruth& truth, const PageGrammar& grammar, const LayoutVocabulary& vocabulary,
                 OracleGoal goal, const GainWeights& weights) {
  PageDecisions decisions;
  decisions.item = [&](const OpenSlot& open) {
    std::int32_t best = open.allowed.front();
    double best_value = -1;
    for (const std::int32_t candidate : open.allowed) {
      const SlotTruth slot = truth.slot(open.section_type, open.place, open.above, candidate);
      const double value = goal_value(slot, goal, weights);
      if (value > best_value) {
        best = candidate;
        best_value = value;
      }
    }
    return best;
  };
  decisions.structure = [&](std::span<const TokenId> allowed) {
    const auto section = std::find_if(allowed.begin(), allowed.end(),
                                      [&](TokenId token) { return vocabulary.is_section(token); });
    return section == allowed.end() ? allowed.front() : *section;
  };
  return walk_page(grammar, vocabulary, decisions);
}

OraclePolicy::OraclePolicy(const World& world, LayoutVocabulary vocabulary, OracleGoal goal,
                           GainWeights weights)
    : world_(world),
      vocabulary_(std::move(vocabulary)),
      structures_(world.schema()),
      goal_(goal),
      weights_(weights) {}

std::string OraclePolicy::name() const {
  switch (goal_) {
    case OracleGoal::utility:
      return "oracle";
    case OracleGoal::gmv:
      return "oracle_gmv";
    case OracleGoal::clicks:
      return "oracle_ctr";
  }
  fail("oracle policy: unknown goal {}", static_cast<int>(goal_));
}

std::vector<Trajectory> OraclePolicy::generate(std::span<const KeyedRequest> requests,
                                               const SampleOptions& options) {
  std::vector<Trajectory> trajectories;
  for (const KeyedRequest& keyed : requests) {
    const Request& request = *keyed.request;
    Trajectory trajectory;
    trajectory.request = keyed.key;
    trajectory.order.resize(request.candidates.size());
    std::iota(trajectory.order.begin(), trajectory.order.end(), 0);
    const PageGrammar grammar(world_.schema(), vocabulary_, request, trajectory.order, structures_);
    trajectory.page = oracle_page(RequestTruth(world_, request), grammar, vocabulary_, goal_, weights_);
    EncodedPage encoded = encode_page(vocabulary_, trajectory.order, trajectory.page);
    trajectory.tokens = std::move(encoded.tokens);
    trajectory.spans = std::move(encoded.spans);
    trajectory.log_probs.assign(trajectory.tokens.size(), 0.0f);
    for (trajectory.sample = 0; trajectory.sample < options.samples; ++trajectory.sample)
      trajectories.push_back(trajectory);
  }
  return trajectories;
}

std::vector<std::vector<float>> OraclePolicy::log_probs(std::span<const KeyedRequest>,
                                                        std::span<const Trajectory>) {
  fail("policy {} always makes one page of a request and has no probabilities; compare it by its pages",
       name());
}

}  // namespace pagewright
