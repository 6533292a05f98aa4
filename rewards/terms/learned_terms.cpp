#include "rewards/terms/learned_terms.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/numerics/device_copy.hpp"
#include "rewards/models/item_model.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kMostGroupsPerChunk = 16;

/// So many that every thread has work.
std::size_t groups_per_chunk(const LanePool& pool, std::size_t groups) {
  const auto threads = static_cast<std::size_t>(std::max(1, pool.threads()));
  return std::clamp<std::size_t>((groups + threads - 1) / threads, 1, kMostGroupsPerChunk);
}

/// First page of each group in the flattened order, [groups + 1].
std::vector<std::size_t> page_offsets(std::span<const RequestPages> groups) {
  std::vector<std::size_t> offsets{0};
  for (const RequestPages& group : groups) offsets.push_back(offsets.back() + group.pages.size());
  return offsets;
}

void store_slots(const PageBatch& batch, const at::Tensor& values /* [S] */,
                 std::vector<float> PageScores::*part, std::span<PageScores> pages) {
  const std::vector<float> slots = floats_on_host(values);
  for (std::size_t p = 0; p < pages.size(); ++p)
    (pages[p].*part).assign(slots.begin() + batch.slot_offsets[p], slots.begin() + batch.slot_offsets[p + 1]);
}

void be_pessimistic(PageScores& scores, double kappa) {
  if (kappa == 0) return;
  const auto by = static_cast<float>(kappa);
  scores.page -= by * scores.page_spread;
  for (std::size_t k = 0; k < scores.slots.size(); ++k) scores.slots[k] -= by * scores.slot_spread[k];
}

}  // namespace

std::vector<PageScores> score_pages(const LearnedTermContext& context, const WeightsView& weights,
                                    PageModelForm form, const GainWeights& gains,
                                    std::span<const RequestPages> groups) {
  const std::vector<std::size_t> offsets = page_offsets(groups);
  std::vector<PageScores> scores(offsets.back());
  for_chunks(context.pool, groups.size(), groups_per_chunk(context.pool, groups.size()),
             [&](std::size_t begin, std::size_t end) {
               const auto chunk = groups.subspan(begin, end - begin);
               const PageBatch batch = pack_pages(context.vocabulary, pages_of(chunk));
               if (batch.pages() == 0) return;
               std::vector<SlotValue> values;
               for (const RequestPages& group : chunk)
                 for (const Page& page : group.pages) {
                   const auto of_page = slot_values(gains, *group.request, page);
                   values.insert(values.end(), of_page.begin(), of_page.end());
                 }
               const PageModelOutputs outputs =
                   page_model_forward(weights, form, batch, values, context.normaliser.calibration);
               const auto out = std::span(scores).subspan(offsets[begin], offsets[end] - offsets[begin]);
               const std::vector<float> page = floats_on_host(outputs.page);
               for (std::size_t p = 0; p < out.size(); ++p) out[p].page = page[p];
               if (outputs.slots.defined()) store_slots(batch, outputs.slots, &PageScores::slots, out);
               if (!outputs.page_spread.defined()) return;
               const std::vector<float> spread = floats_on_host(outputs.page_spread);
               for (std::size_t p = 0; p < out.size(); ++p) {
                 out[p].of_ensemble = true;
                 out[p].page_spread = spread[p];
               }
               if (outputs.slot_spread.defined())
                 store_slots(batch, outputs.slot_spread, &PageScores::slot_spread, out);
               for (PageScores& page_scores : out)
                 be_pessimistic(page_scores, context.normaliser.page_pessimism);
             });
  return scores;
}

std::vector<PageScores> score_items(const LearnedTermContext& context, const WeightsView& weights,
                                    std::span<const RequestPages> groups) {
  const std::vector<std::size_t> offsets = page_offsets(groups);
  std::vector<PageScores> scores(offsets.back());
  for_chunks(context.pool, groups.size(), groups_per_chunk(context.pool, groups.size()),
             [&](std::size_t begin, std::size_t end) {
               const PageBatch batch =
                   pack_pages(context.vocabulary, pages_of(groups.subspan(begin, end - begin)));
               if (batch.pages() == 0) return;
               const ItemModelOutputs outputs = item_model_forward(weights, batch);
               const auto out = std::span(scores).subspan(offsets[begin], offsets[end] - offsets[begin]);
               const std::vector<float> page = floats_on_host(outputs.discounted);
               for (std::size_t p = 0; p < out.size(); ++p) out[p].page = page[p];
               store_slots(batch, outputs.slots, &PageScores::slots, out);
               if (!outputs.slot_spread.defined()) return;
               store_slots(batch, outputs.slot_spread, &PageScores::slot_spread, out);
               for (PageScores& page_scores : out) {
                 page_scores.of_ensemble = true;
                 for (std::size_t k = 0; k < page_scores.slots.size(); ++k)
                   page_scores.page_spread +=
                       static_cast<float>(slot_discount(static_cast<int>(k))) * page_scores.slot_spread[k];
                 be_pessimistic(page_scores, context.normaliser.item_pessimism);
               }
             });
  return scores;
}

LearnedPageTerm::LearnedPageTerm(LearnedTermContext context, WeightsView weights, PageModelForm form,
                                 GainWeights gains, ItemCredit credit, bool report_clipped)
    : context_(context),
      weights_(std::move(weights)),
      form_(form),
      gains_(gains),
      credit_(credit),
      report_clipped_(report_clipped) {}

std::vector<TermScore> LearnedPageTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const PageScores& scores : score_pages(context_, weights_, form_, gains_, groups)) {
    TermScore& term = result.emplace_back();
    term.name = name();
    if (scores.of_ensemble) term.figures["disagreement"] = scores.page_spread;
    if (credit_ == ItemCredit::utility && !scores.slots.empty()) {
      term.slots = context_.normaliser.slot_gains(scores.slots);
      term.page = context_.normaliser.missing_slots(scores.slots.size());
      term.slots_raw = scores.slots;
    } else {
      term.page = static_cast<float>(context_.normaliser.page(scores.page));
      term.page_raw = scores.page;
      if (report_clipped_)
        term.figures["clipped"] = std::abs(term.page) >= static_cast<float>(context_.normaliser.clip) ? 1 : 0;
    }
  }
  return result;
}

LearnedItemTerm::LearnedItemTerm(LearnedTermContext context, WeightsView weights)
    : context_(context), weights_(std::move(weights)) {}

std::vector<TermScore> LearnedItemTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (PageScores& scores : score_items(context_, weights_, groups)) {
    TermScore& term = result.emplace_back();
    term.name = name();
    if (scores.of_ensemble) term.figures["disagreement"] = scores.page_spread;
    term.slots = context_.normaliser.items(scores.slots, scores.slot_spread);
    term.slots_raw = std::move(scores.slots);
  }
  return result;
}

}  // namespace pagewright
