#include "rollout/engine/text_outcome.hpp"

#include <algorithm>
#include <numeric>

#include "core/model/allowed_softmax.hpp"
#include "core/model/text_scores.hpp"
#include "core/numerics/device_copy.hpp"
#include "rollout/engine/token_draw.hpp"

namespace pagewright {

void TextOutcome::add_column(const at::Tensor& hidden, std::int64_t columns, std::vector<float>& logits) {
  hidden_ = hidden;
  const TextScores text = text_scores(weights_, hidden, temperature_);
  const std::vector<float> sum = floats_on_host(text.sum);
  largest_ = floats_on_host(text.largest);
  for (auto row = std::ssize(sum) - 1; row >= 0; --row) {
    const auto from = logits.begin() + row * columns, to = logits.begin() + row * (columns + 1);
    if (row > 0) std::copy_backward(from, from + columns, to + columns);
    to[columns] = sum[static_cast<std::size_t>(row)];
  }
}

bool TextOutcome::is_likelier(std::int32_t row, float logit) const {
  return largest_[static_cast<std::size_t>(row)] > logit;
}

/// Of all tokens of the base vocabulary, for one row.
std::vector<float> TextOutcome::log_probs(std::int32_t row) const {
  const std::vector<float> scores = floats_on_host(text_logits(weights_, hidden_.narrow(0, row, 1)));
  std::vector<std::int32_t> all(scores.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<float> result(scores.size());
  allowed_log_softmax_row(scores.data(), all, static_cast<float>(temperature_), result.data());
  return result;
}

TextOutcome::Token TextOutcome::draw(std::int32_t row, CounterRandom& random) const {
  const std::vector<float> given = log_probs(row);
  const std::size_t token = draw_entry(given, random);
  return {static_cast<TokenId>(token), given[token]};
}

TextOutcome::Token TextOutcome::likeliest(std::int32_t row) const {
  const std::vector<float> given = log_probs(row);
  const std::size_t token = largest_entry(given);
  return {static_cast<TokenId>(token), given[token]};
}

}  // namespace pagewright
