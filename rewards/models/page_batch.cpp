#include "rewards/models/page_batch.hpp"

#include <cmath>

#include "core/base/error.hpp"

namespace pagewright {

PageBatch pack_pages(const LayoutVocabulary& vocabulary, std::span<const PagesOfRequest> requests) {
  std::vector<PackedRequest> packed_requests;
  packed_requests.reserve(requests.size());
  for (const PagesOfRequest& request : requests) {
    PackedRequest& packed = packed_requests.emplace_back();
    packed.prompt = request.prompt;
    packed.shared = request.shared;
    for (const EncodedPage* page : request.pages) packed.responses.emplace_back(page->tokens);
  }
  PageBatch batch;
  batch.packed = pack(vocabulary, packed_requests, /*with_last_token=*/true);
  std::size_t sample = 0;
  for (const PagesOfRequest& request : requests) {
    for (const EncodedPage* page : request.pages) {
      const auto first = static_cast<std::size_t>(batch.packed.sample_offsets[sample]);
      for (const SlotSpan& slot : page->spans.slots) {
        batch.slot_row.push_back(batch.packed.token_row[first + static_cast<std::size_t>(slot.token)]);
        batch.slot_page.push_back(static_cast<std::int64_t>(sample));
      }
      require(page->spans.page_end >= 0, "a reward model was given a page without its end");
      batch.page_row.push_back(
          batch.packed.token_row[first + static_cast<std::size_t>(page->spans.page_end)]);
      batch.slot_offsets.push_back(static_cast<std::int32_t>(batch.slot_row.size()));
      ++sample;
    }
  }
  return batch;
}

double slot_discount(int slot) {
  return 1.0 / std::log2(slot + 2.0);
}

std::vector<double> slot_weights(int slots) {
  std::vector<double> weights(static_cast<std::size_t>(slots));
  double sum = 0;
  for (int k = 0; k < slots; ++k) sum += weights[static_cast<std::size_t>(k)] = slot_discount(k);
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace pagewright
