#pragma once
// Rows for tokens that a pre-trained vocabulary lacks.

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/page/vocabulary.hpp"

namespace pagewright {

/// Fills rows `begin`... of an embedding or LM head from rows before `begin`: row begin + i starts at the
/// mean of the rows words[i], or of all rows before `begin` if words[i] is empty, plus normal noise of a
/// tenth of the spread of those rows' elements, so that no two are equal. Noise is keyed by (seed, name, i).
/// float; in place.
void start_added_rows(const at::Tensor& matrix /* [vocab, dim] */, std::int64_t begin,
                      const std::vector<std::vector<TokenId>>& words, std::uint64_t seed,
                      std::string_view name);

}  // namespace pagewright
