#pragma once
// Log-probs of given pages by the full forward.

#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/model/weights_view.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// Log-probs of the response tokens over the grammar's allowed sets, [trajectories][T]. requests[i] is the
/// request of trajectories[i]; neighbours of one request and order share a prompt. Without gradients.
std::vector<std::vector<float>> page_log_probs(const PageLanguage& language, const WeightsView& weights,
                                               std::span<const KeyedRequest> requests,
                                               std::span<const Trajectory> trajectories);

}  // namespace pagewright
