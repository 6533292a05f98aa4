#pragma once
#include <string_view>
#include <vector>

#include "core/text/text_pattern.hpp"

namespace pagewright {

/// What becomes of the matches when a text is split at them.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// From its name in a tokenizer.json, such as "MergedWithNext"; Error for another.
SplitBehavior split_behavior(std::string_view name);

/// Turns the spans of a pattern (which cover a text) into the pieces to keep, in order, without empty ones.
void apply_split(SplitBehavior behavior, std::vector<PatternSpan>& spans);

}  // namespace pagewright
