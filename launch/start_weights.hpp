#pragma once
// With which parameters a model begins.

#include <cstdint>

#include "core/page/page_language.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {

/// At random, keyed by (seed, parameter's name). Where the model's config has a `path` (and `start:
/// pretrained`), backbone and LM head are then those of the folder; rows of tokens that its tokenizer lacks
/// begin as `layout_start` says, heads of ours stay random. Throws Error naming file and tensor if the
/// folder's weights are not what its config.json says.
void start_weights(FlatParameters& parameters, const PageLanguage& language, std::uint64_t seed);

}  // namespace pagewright
