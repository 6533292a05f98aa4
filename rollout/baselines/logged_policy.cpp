#include "rollout/baselines/logged_policy.hpp"

#include "core/base/error.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {

LoggedPolicy::LoggedPolicy(const PageLanguage& language, ShownPages shown)
    : language_(&language), shown_(std::move(shown)) {}

Trajectory LoggedPolicy::shown_for(const KeyedRequest& request, const SampleOptions& options) const {
  const auto found = shown_.find(request.key);
  require(found != shown_.end(), "logged policy: the log shows no page for request '{}' (key {})",
          request.request->id, request.key);
  Trajectory result;
  result.request = request.key;
  result.order = language_->candidate_order(*request.request, options.iteration,
                                            static_cast<std::uint64_t>(request.key));
  EncodedPage encoded = language_->encode(result.order, found->second);
  result.tokens = std::move(encoded.tokens);
  result.spans = std::move(encoded.spans);
  result.log_probs.assign(result.tokens.size(), 0.0f);
  result.page = found->second;
  const std::vector<std::string> violations =
      page_violations(language_->schema(), *request.request, result.page);
  if (!violations.empty()) result.invalid_cause = violations.front();
  return result;
}

std::vector<Trajectory> LoggedPolicy::generate(std::span<const KeyedRequest> requests,
                                               const SampleOptions& options) {
  std::vector<Trajectory> result;
  for (const KeyedRequest& request : requests) {
    const Trajectory shown = shown_for(request, options);
    for (int sample = 0; sample < options.samples; ++sample) result.emplace_back(shown).sample = sample;
  }
  return result;
}

std::vector<std::vector<float>> LoggedPolicy::log_probs(std::span<const KeyedRequest>,
                                                        std::span<const Trajectory>) {
  fail("logged policy: it shows pages of the log and has no density; the log holds the propensities, if any");
}

}  // namespace pagewright
