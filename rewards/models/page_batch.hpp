#pragma once
// Pages packed for a reward model: which rows carry the slots and the page ends.

#include <cstdint>
#include <span>
#include <vector>

#include "core/iteration/pack.hpp"
#include "core/page/page_codec.hpp"

namespace pagewright {

/// Pages of one request; they share its prompt. Pointers must outlive the call.
struct PagesOfRequest {
  const Prompt* prompt = nullptr;
  std::vector<const EncodedPage*> pages;
  std::vector<SharedPrefix> shared = {};  ///< [pages] of earlier pages of `pages`; empty: nothing is shared
};

/// S slots of all pages, page by page in page order.
struct PageBatch {
  PackedBatch packed;
  std::vector<std::int64_t> slot_row;         ///< [S] row at which the slot's item is the input
  std::vector<std::int64_t> slot_page;        ///< [S] page of the slot
  std::vector<std::int64_t> page_row;         ///< [pages] row at which the page end is the input
  std::vector<std::int32_t> slot_offsets{0};  ///< [pages + 1]
  std::int64_t pages() const { return static_cast<std::int64_t>(page_row.size()); }
};

PageBatch pack_pages(const LayoutVocabulary& vocabulary, std::span<const PagesOfRequest> requests);

/// Position discount of a slot in page order (from 0): 1 / log2(k + 2), as in DCG.
double slot_discount(int slot);
/// Discounts divided by their sum, [slots].
std::vector<double> slot_weights(int slots);

}  // namespace pagewright
