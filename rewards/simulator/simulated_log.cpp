#include "rewards/simulator/simulated_log.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/rng.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_structure.hpp"
#include "rewards/simulator/feedback_draw.hpp"
#include "rewards/simulator/item_walk.hpp"
#include "rewards/simulator/logging_policy.hpp"
#include "rewards/simulator/request_source.hpp"
#include "rewards/simulator/request_truth.hpp"

namespace pagewright {
namespace {

CounterRandom page_random(const World& world, RandomStream stream, std::size_t page) {
  // Sample 1, since sample 0 of the logging stream belongs to the errors of the production score.
  return CounterRandom(world.seed(), stream, 0, page, 1);
}

class LogWalk {
 public:
  explicit LogWalk(const World& world)
      : world_(world), vocabulary_(layout_only(world.schema())), structures_(world.schema()) {}

  FeedbackLog run() {
    for (std::int64_t index = 0; index < world_.requests(); ++index) show(index);
    return std::move(log_);
  }

 private:
  void show(std::int64_t index) {
    log_.requests.push_back(
        {make_request(world_, index), world_.split_of_user(user_of_request(world_, index))});
    const Request& request = log_.requests.back().request;
    CandidateOrder own_order(request.candidates.size());
    for (std::size_t i = 0; i < own_order.size(); ++i) own_order[i] = static_cast<std::int32_t>(i);
    const PageGrammar grammar(world_.schema(), vocabulary_, request, own_order, structures_);
    const RequestTruth truth(world_, request);
    const bool test = log_.requests.back().split == Split::test;
    const bool twice = !test && world_.shown_twice(index) &&
                       static_cast<std::int64_t>(log_.pages.size()) + 2 <= world_.config().pages;
    for (int view = 0; view < (twice ? 2 : 1); ++view) add_page(grammar, truth, test, 600 * view);
  }

  void add_page(const PageGrammar& grammar, const RequestTruth& truth, bool test, std::int64_t delay) {
    const LoggingConfig& logging = world_.config().logging;
    const Request& request = truth.request();
    const std::size_t number = log_.pages.size();
    CounterRandom random = page_random(world_, RandomStream::logging, number);
    const bool uniform = random.uniform() < logging.uniform_share && !test;
    const std::vector<double> scores =
        uniform ? std::vector<double>(request.candidates.size(), 0.0) : production_scores(world_, request);
    DrawnPage drawn = draw_plackett_luce(world_, grammar, scores, logging.temperature, random);

    LoggedPage page;
    page.page_id = fmt::format("p{}", number);
    page.request = static_cast<std::int64_t>(log_.requests.size()) - 1;
    page.policy_id = uniform ? kUniformPolicy : kProductionPolicy;
    page.timestamp = request.timestamp + delay;
    for (const PageSection& section : drawn.page.sections)
      page.section_names.push_back(
          world_.schema().section_types[static_cast<std::size_t>(section.type)].name);
    page.page_propensity = drawn.propensity;
    page.slot_propensities = std::move(drawn.slot_propensities);
    page.slot_propensity_kind = PropensityKind::slot_given_prefix;
    page.page = std::move(drawn.page);
    page.events = draw_feedback(truth.page(page.page), world_.config().clicks, page.timestamp,
                                page_random(world_, RandomStream::feedback, number));
    log_.pages.push_back(std::move(page));
  }

  const World& world_;
  LayoutVocabulary vocabulary_;
  PageStructureCache structures_;
  FeedbackLog log_;
};

}  // namespace

FeedbackLog simulate_log(const World& world) {
  return LogWalk(world).run();
}

}  // namespace pagewright
