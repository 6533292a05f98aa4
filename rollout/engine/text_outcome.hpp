#pragma once
// Text in place of a layout token: what may happen to a page that is generated without the grammar.

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/rng.hpp"
#include "core/model/weights_view.hpp"
#include "core/page/token_bags.hpp"

namespace pagewright {

/// The base vocabulary as one outcome of a decoding step (Note [Text as one outcome],
/// core/model/text_scores.hpp), and as single tokens once it has come out. `weights` must outlive it.
class TextOutcome {
 public:
  TextOutcome(const WeightsView& weights, double temperature)
      : weights_(weights), temperature_(temperature) {}

  /// Takes the rows of a step, and gives each the logit of text: `logits` is [n, columns] at the beginning of
  /// room for [n, columns + 1], which it then fills.
  void add_column(const at::Tensor& hidden /* [n, dim] */, std::int64_t columns, std::vector<float>& logits);
  /// Whether some token of the text is likelier at this row than a layout token of this logit.
  bool is_likelier(std::int32_t row, float logit) const;

  struct Token {
    TokenId id = 0;
    float log_prob = 0;  ///< given that it is text
  };
  Token draw(std::int32_t row, CounterRandom& random) const;
  Token likeliest(std::int32_t row) const;

 private:
  std::vector<float> log_probs(std::int32_t row) const;

  const WeightsView& weights_;
  double temperature_;
  at::Tensor hidden_;           ///< [n, dim] of the step at hand
  std::vector<float> largest_;  ///< [n]
};

}  // namespace pagewright
