#include "rewards/clicks/click_quality.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

/// log of the probability that a model gave to what happened.
double log_of_event(double click, bool clicked) {
  return std::log(std::max(clicked ? click : 1 - click, kLowestClickProbability));
}

}  // namespace

ClickQuality click_quality(const ClickModel& model, const ClickSessions& sessions) {
  require(sessions.size() > 0, "click models: there is no held-out page to compare them on");
  const auto ranks = static_cast<std::size_t>(sessions.longest());
  std::vector<double> click(ranks), sums(ranks), counts(ranks);
  ClickQuality quality;
  quality.sessions = sessions.size();
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    const ClickSession session = sessions[s];
    const std::span<double> here = std::span(click).first(session.size());
    double sum = 0;
    model.given_earlier_clicks(session, here);
    for (std::size_t k = 0; k < session.size(); ++k) sum += log_of_event(here[k], session.clicks[k]);
    quality.log_likelihood += sum;
    quality.log_likelihood_a_slot += sum / static_cast<double>(session.size());
    model.click_probabilities(session, here);
    for (std::size_t k = 0; k < session.size(); ++k) {
      sums[k] += log_of_event(here[k], session.clicks[k]);
      counts[k] += 1;
    }
  }
  quality.log_likelihood /= static_cast<double>(sessions.size());
  quality.log_likelihood_a_slot /= static_cast<double>(sessions.size());
  for (std::size_t k = 0; k < ranks; ++k) {
    quality.perplexity_by_rank.push_back(std::exp(-sums[k] / counts[k]));
    quality.perplexity += quality.perplexity_by_rank.back() / static_cast<double>(ranks);
  }
  return quality;
}

}  // namespace pagewright
