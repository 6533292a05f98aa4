#include "core/text/split_behavior.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

/// Joins each match that follows a piece between matches to that piece; `forwards` says which of the two
/// comes first.
void merge_matches(std::vector<PatternSpan>& spans, bool forwards) {
  std::vector<PatternSpan> merged;
  if (!forwards) std::reverse(spans.begin(), spans.end());
  bool previous_match = false;
  for (const PatternSpan& span : spans) {
    if (span.is_match && !previous_match && !merged.empty()) {
      (forwards ? merged.back().end : merged.back().begin) = forwards ? span.end : span.begin;
    } else {
      merged.push_back(span);
    }
    previous_match = span.is_match;
  }
  if (!forwards) std::reverse(merged.begin(), merged.end());
  spans = std::move(merged);
}

void join_neighbours(std::vector<PatternSpan>& spans) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[kept - 1].is_match == spans[i].is_match)
      spans[kept - 1].end = spans[i].end;
    else
      spans[kept++] = spans[i];
  }
  spans.resize(kept);
}

}  // namespace

SplitBehavior split_behavior(std::string_view name) {
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  fail("the behavior '{}' is not known", name);
}

void apply_split(SplitBehavior behavior, std::vector<PatternSpan>& spans) {
  switch (behavior) {
    case SplitBehavior::removed:
      std::erase_if(spans, [](const PatternSpan& span) { return span.is_match; });
      break;
    case SplitBehavior::isolated:
      break;
    case SplitBehavior::merged_with_previous:
      merge_matches(spans, true);
      break;
    case SplitBehavior::merged_with_next:
      merge_matches(spans, false);
      break;
    case SplitBehavior::contiguous:
      join_neighbours(spans);
      break;
  }
  std::erase_if(spans, [](const PatternSpan& span) { return span.begin == span.end; });
}

}  // namespace pagewright
