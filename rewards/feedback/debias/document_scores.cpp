#include "rewards/feedback/debias/document_scores.hpp"

#include <cmath>

namespace pagewright {
namespace {

std::size_t count_documents(const ClickSpace& space) {
  return space.features.empty() ? space.documents.size() : space.features.documents();
}

}  // namespace

void AdamAscent::step(std::span<double> values, std::span<const double> gradient, double rate) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kTiny = 1e-12;
  ++steps_;
  const double unbias1 = 1 - std::pow(kBeta1, steps_), unbias2 = 1 - std::pow(kBeta2, steps_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    mean_[i] = kBeta1 * mean_[i] + (1 - kBeta1) * gradient[i];
    square_[i] = kBeta2 * square_[i] + (1 - kBeta2) * gradient[i] * gradient[i];
    values[i] += rate * (mean_[i] / unbias1) / (std::sqrt(square_[i] / unbias2) + kTiny);
  }
}

DocumentScores::DocumentScores(const ClickSpace& space, double ridge)
    : features_(space.features),
      ridge_(ridge),
      parameters_(space.features.empty() ? space.documents.size() : space.features.width()),
      values_(count_documents(space)),
      adam_(parameters_.size()) {}

void DocumentScores::ascend(std::span<const double> by_score, double rate) {
  std::vector<double> gradient(parameters_.size());
  for (std::size_t d = 0; d < values_.size(); ++d) {
    if (features_.empty()) {
      gradient[d] = by_score[d];
      continue;
    }
    const std::span<const double> row = features_.row(d);
    for (std::size_t f = 0; f < row.size(); ++f) gradient[f] += by_score[d] * row[f];
  }
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= ridge_ * parameters_[i];
  adam_.step(parameters_, gradient, rate);
  for (std::size_t d = 0; d < values_.size(); ++d) {
    if (features_.empty()) {
      values_[d] = parameters_[d];
      continue;
    }
    const std::span<const double> row = features_.row(d);
    values_[d] = 0;
    for (std::size_t f = 0; f < row.size(); ++f) values_[d] += row[f] * parameters_[f];
  }
}

}  // namespace pagewright
