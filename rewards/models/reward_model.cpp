#include "rewards/models/reward_model.hpp"

#include <algorithm>
#include <functional>

#include <c10/core/InferenceMode.h>

namespace pagewright {

ModelConfig reward_model_config(ModelConfig backbone, std::vector<std::string> scalar_heads) {
  backbone = backbone.whole();
  backbone.lm_head = false;
  backbone.value_head = false;
  backbone.layout_head = LayoutHeadKind::tokens;
  backbone.scalar_heads = std::move(scalar_heads);
  return backbone;
}

void for_chunks(LanePool& pool, std::size_t count, std::size_t chunk,
                const std::function<void(std::size_t begin, std::size_t end)>& score_chunk) {
  const std::size_t chunks = (count + chunk - 1) / chunk;
  pool.run(static_cast<int>(chunks), [&](int job) {
    const c10::InferenceMode no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * chunk;
    score_chunk(begin, std::min(count, begin + chunk));
  });
}

}  // namespace pagewright
