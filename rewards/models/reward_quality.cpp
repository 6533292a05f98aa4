#include "rewards/models/reward_quality.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ops/sigmoid.h>

#include "core/numerics/device_copy.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kQualityOrder =
    1U << 30;  ///< "iteration" of the candidate orders that held-out pages are seen in

RequestPages encode_pages(const PageLanguage& language, const FeedbackLog& log, std::int64_t request_index,
                          std::vector<Page> pages) {
  const Request& request = log.requests[static_cast<std::size_t>(request_index)].request;
  CandidateOrder order =
      language.candidate_order(request, kQualityOrder, static_cast<std::uint64_t>(request_index));
  RequestPages group;
  group.request = &request;
  group.key = request_index;
  for (const Page& page : pages) group.encoded.push_back(language.encode(order, page));
  group.pages = std::move(pages);
  group.prompt = language.prompt(request, std::move(order));
  return group;
}

std::vector<std::size_t> sorted_by(std::span<const float> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

/// Mann-Whitney statistic with mid-ranks for ties.
double area_under_roc(std::span<const float> predictions, std::span<const float> outcomes,
                      std::span<const std::size_t> order) {
  double positives = 0, rank_sum = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && predictions[order[end]] == predictions[order[begin]]) ++end;
    const double mid_rank = 0.5 * static_cast<double>(begin + 1 + end);
    for (std::size_t i = begin; i < end; ++i)
      if (outcomes[order[i]] > 0.5F) {
        positives += 1;
        rank_sum += mid_rank;
      }
    begin = end;
  }
  const double negatives = static_cast<double>(order.size()) - positives;
  if (positives == 0 || negatives == 0) return 0.5;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double expected_calibration_error(std::span<const float> predictions, std::span<const float> outcomes,
                                  std::span<const std::size_t> order) {
  constexpr std::size_t kBins = 10;
  double error = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    double gap = 0;
    for (std::size_t i = order.size() * bin / kBins; i < order.size() * (bin + 1) / kBins; ++i)
      gap += predictions[order[i]] - outcomes[order[i]];
    error += std::abs(gap);
  }
  return error / static_cast<double>(order.size());
}

}  // namespace

std::vector<PairAccuracy> pair_accuracy(const PageLanguage& language, const FeedbackLog& log,
                                        std::span<const PagePair> pairs, const PageScoreFunction& score) {
  std::vector<RequestPages> groups;
  groups.reserve(pairs.size());
  for (const PagePair& pair : pairs) {
    if (!pair.worse_request) {
      groups.push_back(encode_pages(language, log, pair.request, {pair.better, pair.worse}));
      continue;
    }
    groups.push_back(encode_pages(language, log, pair.request, {pair.better}));
    groups.push_back(encode_pages(language, log, *pair.worse_request, {pair.worse}));
  }
  const std::vector<PageScores> scores = score(groups);
  std::vector<PairAccuracy> families;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const std::string name = std::string(pair_family_name(pairs[p].family));
    auto found = std::find_if(families.begin(), families.end(),
                              [&](const PairAccuracy& f) { return f.family == name; });
    if (found == families.end()) found = families.insert(families.end(), PairAccuracy{name, 0, 0});
    const float gap = scores[2 * p].page - scores[2 * p + 1].page;
    found->pairs += 1;
    found->accuracy += gap > 0 ? 1.0 : gap == 0 ? 0.5 : 0.0;
  }
  for (PairAccuracy& family : families) family.accuracy /= static_cast<double>(family.pairs);
  return families;
}

BinaryQuality binary_quality(std::span<const float> predictions, std::span<const float> outcomes) {
  BinaryQuality quality;
  quality.events = static_cast<std::int64_t>(outcomes.size());
  if (outcomes.empty()) return quality;
  const double count = static_cast<double>(outcomes.size());
  quality.rate = std::accumulate(outcomes.begin(), outcomes.end(), 0.0) / count;
  quality.mean_prediction = std::accumulate(predictions.begin(), predictions.end(), 0.0) / count;
  const std::vector<std::size_t> order = sorted_by(predictions);
  quality.auc = area_under_roc(predictions, outcomes, order);
  quality.calibration_error = expected_calibration_error(predictions, outcomes, order);
  return quality;
}

UtilityQuality utility_quality(const PageLanguage& language, const FeedbackLog& log,
                               std::span<const FeedbackPage> pages, const WeightsView& weights,
                               PageModelForm form, LanePool& pool) {
  constexpr std::size_t kPagesPerChunk = 64;
  struct Predicted {
    std::vector<float> click, purchase;
  };
  std::vector<Predicted> chunks((pages.size() + kPagesPerChunk - 1) / kPagesPerChunk);
  for_chunks(pool, pages.size(), kPagesPerChunk, [&](std::size_t begin, std::size_t end) {
    std::vector<RequestPages> groups;
    for (std::size_t i = begin; i < end; ++i)
      groups.push_back(encode_pages(language, log, pages[i].request, {pages[i].page}));
    const PageBatch batch = pack_pages(language.vocabulary(), pages_of(groups));
    const PageModelOutputs outputs =
        page_model_forward(weights, form, batch, std::vector<SlotValue>(batch.slot_row.size()));
    chunks[begin / kPagesPerChunk] = {floats_on_host(at::sigmoid(outputs.click_logit)),
                                      floats_on_host(at::sigmoid(outputs.purchase_logit))};
  });
  std::vector<float> click, clicked, purchase, purchased;
  std::size_t page = 0;
  for (const Predicted& chunk : chunks) {
    std::size_t slot = 0;
    for (; slot < chunk.click.size(); ++page)
      for (std::size_t k = 0; k < pages[page].clicked.size(); ++k, ++slot) {
        click.push_back(chunk.click[slot]);
        clicked.push_back(pages[page].clicked[k]);
        if (pages[page].clicked[k] < 0.5F) continue;
        purchase.push_back(chunk.purchase[slot]);
        purchased.push_back(pages[page].purchased[k]);
      }
  }
  return {binary_quality(click, clicked), binary_quality(purchase, purchased)};
}

}  // namespace pagewright
