#include "rollout/engine/page_scoring.hpp"

#include <deque>

#include <torch/csrc/autograd/grad_mode.h>

#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {

std::vector<std::vector<float>> page_log_probs(const PageLanguage& language, const WeightsView& weights,
                                               std::span<const KeyedRequest> requests,
                                               std::span<const Trajectory> trajectories) {
  if (trajectories.empty()) return {};
  const at::NoGradGuard no_grad;
  std::deque<Prompt> prompts;
  std::deque<PageGrammar::Masks> masks;
  std::vector<PackedRequest> packed;
  std::optional<PageGrammar> grammar;
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    const Trajectory& page = trajectories[i];
    const bool shares =
        i > 0 && requests[i].request == requests[i - 1].request && page.order == trajectories[i - 1].order;
    if (!shares) {
      grammar.emplace(language.grammar(*requests[i].request, page.order));
      prompts.push_back(language.prompt(*requests[i].request, page.order));
      packed.push_back({&prompts.back(), {}, {}});
    }
    masks.push_back(grammar->masks(page.tokens));
    packed.back().responses.push_back(page.tokens);
    packed.back().masks.push_back(&masks.back());
  }
  const PackedBatch batch = pack(language.vocabulary(), packed, false);
  const std::vector<float> values =
      floats_on_host(layout_log_probs(weights, hidden_states(weights, batch.batch), batch.targets).log_prob);
  std::vector<std::vector<float>> result;
  for (std::size_t i = 0; i + 1 < batch.sample_offsets.size(); ++i)
    result.emplace_back(values.begin() + batch.sample_offsets[i],
                        values.begin() + batch.sample_offsets[i + 1]);
  return result;
}

}  // namespace pagewright
