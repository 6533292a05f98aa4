#pragma once
// A small page language, requests and model for tests of the engine.

#include <memory>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/model/weights_view.hpp"
#include "core/page/page_language.hpp"

namespace pagewright::policy_test {

/// Sections of two to four and of one to two slots, at most two ads with a gap, fused candidates; 12 pointer
/// tokens.
PageLanguage small_language();

/// Requests with 7 to 12 candidates and up to three history actions.
std::vector<Request> small_requests(int count, std::uint64_t seed);
/// Keys from 100.
std::vector<KeyedRequest> keyed(const std::vector<Request>& requests);

/// Random float32 weights for the language: 2 layers, dim 32, 4 heads, 2 key-value heads; version 17.
WeightsView small_weights(const PageLanguage& language, std::uint64_t seed,
                          LayoutHeadKind head = LayoutHeadKind::pointer);

}  // namespace pagewright::policy_test
