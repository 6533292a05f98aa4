#pragma once
// Page to response tokens and back, with the spans on which rewards land.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/prompt.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

struct SlotSpan {
  int section = 0;  ///< section's ordinal on the page
  int section_type = 0;
  int slot = 0;                ///< ordinal in the section
  std::int32_t candidate = 0;  ///< index into Request::candidates
  int token = 0;               ///< index of the item's token in the response
  bool operator==(const SlotSpan&) const = default;
};

/// Spans of a response: slots in page order and the index of the page_end token (-1 if the response has
/// none).
struct PageSpans {
  std::vector<SlotSpan> slots;  ///< [K]
  int page_end = -1;
  bool operator==(const PageSpans&) const = default;
};

struct EncodedPage {
  std::vector<TokenId> tokens;  ///< response tokens; the last is page_end
  PageSpans spans;
};

/// Response of a page: for each section <section:TYPE> <item:..>... </section>, then </page>. page_start
/// belongs to the prompt. Throws Error for an item that is not among the ordered candidates.
EncodedPage encode_page(const LayoutVocabulary& vocabulary, const CandidateOrder& order, const Page& page);

/// What a token sequence says. `page` and `spans` hold what could be read before the first problem; `problem`
/// is empty if it is a well-formed page (not necessarily one that the schema allows), else a short cause:
/// truncated, unknown_token, item_outside_section, unknown_item, missing_section_end,
/// section_end_outside_section, trailing_tokens.
struct DecodedPage {
  Page page;
  PageSpans spans;
  std::string problem;
};
DecodedPage decode_page(const LayoutVocabulary& vocabulary, const CandidateOrder& order,
                        std::span<const TokenId> tokens);

/// Model input of a response: for each response token its id, and for item tokens the candidate's field ids
/// as well.
TokenBags response_input(const LayoutVocabulary& vocabulary, const Prompt& prompt,
                         std::span<const TokenId> tokens);

}  // namespace pagewright
