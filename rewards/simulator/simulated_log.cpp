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
  LogWalk(const World& world, const SimulatedRows& take)
      : world_(world), take_(take), vocabulary_(layout_only(world.schema())), structures_(world.schema()) {}

  void run() {
    for (std::int64_t index = 0; index < world_.requests(); ++index) show(index);
  }

 private:
  void show(std::int64_t index) {
    LoggedRequest logged{make_request(world_, index), world_.split_of_user(user_of_request(world_, index))};
    const Request& request = logged.request;
    CandidateOrder own_order(request.candidates.size());
    for (std::size_t i = 0; i < own_order.size(); ++i) own_order[i] = static_cast<std::int32_t>(i);
    const PageGrammar grammar(world_.schema(), vocabulary_, request, own_order, structures_);
    const RequestTruth truth(world_, request);
    const bool test = logged.split == Split::test;
    const bool twice = !test && world_.shown_twice(index) && pages_ + 2 <= world_.config().pages;
    std::vector<LoggedPage> pages;
    for (int view = 0; view < (twice ? 2 : 1); ++view) {
      pages.push_back(page_of(grammar, truth, test, 600 * view));
      pages.back().request = index;
    }
    take_(std::move(logged), std::move(pages));
  }

  LoggedPage page_of(const PageGrammar& grammar, const RequestTruth& truth, bool test, std::int64_t delay) {
    const LoggingConfig& logging = world_.config().logging;
    const Request& request = truth.request();
    const auto number = static_cast<std::size_t>(pages_++);
    CounterRandom random = page_random(world_, RandomStream::logging, number);
    const bool uniform = random.uniform() < logging.uniform_share && !test;
    const std::vector<double> scores =
        uniform ? std::vector<double>(request.candidates.size(), 0.0) : production_scores(world_, request);
    DrawnPage drawn = draw_plackett_luce(world_, grammar, scores, logging.temperature, random);

    LoggedPage page;
    page.page_id = fmt::format("p{}", number);
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
    return page;
  }

  const World& world_;
  const SimulatedRows& take_;
  LayoutVocabulary vocabulary_;
  PageStructureCache structures_;
  std::int64_t pages_ = 0;
};

}  // namespace

void simulate_log(const World& world, const SimulatedRows& take) {
  LogWalk(world, take).run();
}

FeedbackLog simulate_log(const World& world) {
  FeedbackLog log;
  simulate_log(world, [&](LoggedRequest request, std::vector<LoggedPage> pages) {
    log.requests.push_back(std::move(request));
    for (LoggedPage& page : pages) log.pages.push_back(std::move(page));
  });
  return log;
}

}  // namespace pagewright
