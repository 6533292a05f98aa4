#include "distributed/pipeline/experience.hpp"

#include <cstddef>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

void check_page(const Trajectory& trajectory, const Score& score, const KeyedRequest& request, int sample) {
  require(trajectory.request == request.key && trajectory.sample == sample,
          "the generator gave request {} sample {} where request {} sample {} was due", trajectory.request,
          trajectory.sample, request.key, sample);
  require(!trajectory.tokens.empty() && trajectory.log_probs.size() == trajectory.tokens.size(),
          "request '{}' sample {}: {} tokens with {} log-probs", request.request->id, sample,
          trajectory.tokens.size(), trajectory.log_probs.size());
  require(score.reference_log_probs.size() == trajectory.tokens.size(),
          "request '{}' sample {}: the score has {} reference log-probs for {} tokens", request.request->id,
          sample, score.reference_log_probs.size(), trajectory.tokens.size());
}

}  // namespace

std::span<LearningRequest> Experience::lane(std::size_t index) {
  const std::size_t share = requests.size() / lanes.size();
  return std::span(requests).subspan(index * share, share);
}

std::span<const LearningRequest> Experience::lane(std::size_t index) const {
  return const_cast<Experience*>(this)->lane(index);
}

std::int64_t Experience::pages() const {
  std::size_t count = 0;
  for (const LearningRequest& request : requests) count += request.pages.size();
  return static_cast<std::int64_t>(count);
}

Experience gather_experience(const PageLanguage& language, std::span<const KeyedRequest> requests,
                             std::vector<Trajectory> trajectories, std::vector<Score> scores, int samples,
                             std::span<const int> lanes, LanePool& pool) {
  const std::size_t per_request = static_cast<std::size_t>(samples), expected = requests.size() * per_request;
  require(trajectories.size() == expected && scores.size() == expected,
          "{} requests of {} samples need {} pages, but {} were generated and {} scored", requests.size(),
          samples, expected, trajectories.size(), scores.size());
  Experience experience;
  experience.lanes.assign(lanes.begin(), lanes.end());
  experience.requests.resize(requests.size());
  pool.run(static_cast<int>(requests.size()), [&](int job) {
    const auto index = static_cast<std::size_t>(job);
    LearningRequest& result = experience.requests[index];
    result.request = requests[index];
    const Request& request = *result.request.request;
    const CandidateOrder order = trajectories[index * per_request].order;
    const PageGrammar grammar = language.grammar(request, order);
    result.prompt = language.prompt(request, order);
    for (std::size_t sample = 0; sample < per_request; ++sample) {
      LearningPage page;
      page.trajectory = std::move(trajectories[index * per_request + sample]);
      page.score = std::move(scores[index * per_request + sample]);
      check_page(page.trajectory, page.score, result.request, static_cast<int>(sample));
      require(page.trajectory.order == order, "request '{}': its samples saw different candidate orders",
              request.id);
      page.masks = grammar.masks(page.trajectory.tokens);
      page.reference_log_probs = page.score.reference_log_probs;
      result.pages.push_back(std::move(page));
    }
  });
  return experience;
}

}  // namespace pagewright
