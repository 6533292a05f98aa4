#include "rewards/feedback/debias/dual_learning.hpp"

#include <algorithm>
#include <cmath>

#include "rewards/feedback/debias/document_scores.hpp"

namespace pagewright {
namespace {

/// Gradient of sum over k of weight_k log softmax(score)_k, added to that of each slot's index.
void add_softmax_gradient(std::span<const double> scores, std::span<const double> weights,
                          std::span<const int> indices, std::vector<double>& gradient) {
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0, weight = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    sum += std::exp(scores[k] - highest);
    weight += weights[k];
  }
  for (std::size_t k = 0; k < scores.size(); ++k)
    gradient[static_cast<std::size_t>(indices[k])] +=
        weights[k] - weight * std::exp(scores[k] - highest) / sum;
}

/// Clicks times exp(score of the first slot - own score), bounded.
void set_inverse_weights(const ClickSession& session, std::span<const double> scores, double largest,
                         std::span<double> weights) {
  for (std::size_t k = 0; k < scores.size(); ++k)
    weights[k] = session.clicks[k] ? std::min(std::exp(scores[0] - scores[k]), largest) : 0;
}

}  // namespace

DualFit fit_dual_learning(const ClickSpace& space, const ClickSessions& train, const DualLearning& learning) {
  const auto lists = static_cast<double>(train.size());
  const auto longest = static_cast<std::size_t>(train.longest());
  DocumentScores relevance(space, learning.ridge / lists);
  std::vector<double> look(space.positions.size());
  AdamAscent look_adam(look.size());
  std::vector<double> f(longest), e(longest), weights(longest);
  for (int step = 0; step < learning.steps; ++step) {
    std::vector<double> by_document(relevance.values().size()), by_position(look.size());
    for (std::size_t s = 0; s < train.size(); ++s) {
      const ClickSession session = train[s];
      const std::size_t size = session.size();
      if (last_click(session) < 0) continue;  // all its weights are 0
      for (std::size_t k = 0; k < size; ++k) {
        f[k] = relevance.values()[static_cast<std::size_t>(session.documents[k])];
        e[k] = look[static_cast<std::size_t>(session.positions[k])];
      }
      const auto here = [&](std::vector<double>& values) { return std::span(values).first(size); };
      set_inverse_weights(session, here(e), learning.largest_weight, here(weights));
      add_softmax_gradient(here(f), here(weights), session.documents, by_document);
      set_inverse_weights(session, here(f), learning.largest_weight, here(weights));
      add_softmax_gradient(here(e), here(weights), session.positions, by_position);
    }
    for (double& gradient : by_document) gradient /= lists;
    for (double& gradient : by_position) gradient /= lists;
    const double rate = learning.rate * (1 - static_cast<double>(step) / learning.steps);
    relevance.ascend(by_document, rate);
    look_adam.step(look, by_position, rate);
  }
  const double highest = *std::max_element(look.begin(), look.end());
  for (double& score : look) score = std::exp(score - highest);
  return {std::move(look), relevance.values()};
}

}  // namespace pagewright
