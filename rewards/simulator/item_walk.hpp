#pragma once
// Composing a page step by step under the grammar, for policies that score items and not tokens.

#include <cstdint>
#include <functional>
#include <span>

#include "core/page/page.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

/// What is open at a step: a slot, and the candidates that may fill it.
struct OpenSlot {
  int section_type = 0;
  SlotPlace place;
  std::span<const std::int32_t> above;    ///< candidates placed so far, in page order
  std::span<const std::int32_t> allowed;  ///< candidates, ascending
};

/// The decisions of a page. Sections are filled as far as the grammar allows: where an item may be placed,
/// one is.
struct PageDecisions {
  /// One of slot.allowed.
  std::function<std::int32_t(const OpenSlot& slot)> item;
  /// One of the layout tokens allowed where no item is; asked only if there are several.
  std::function<TokenId(std::span<const TokenId> allowed)> structure;
};

/// Layout tokens of a schema without a base vocabulary.
LayoutVocabulary layout_only(const PageSchema& schema);

/// Composes a page. `grammar` was made with `vocabulary` and with the candidates in their own order.
Page walk_page(const PageGrammar& grammar, const LayoutVocabulary& vocabulary,
               const PageDecisions& decisions);

}  // namespace pagewright
