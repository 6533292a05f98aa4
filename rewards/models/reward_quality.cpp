#include "rewards/models/reward_quality.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

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

std::vector<ReliabilityBin> reliability_bins(std::span<const float> predictions,
                                             std::span<const float> outcomes,
                                             std::span<const std::size_t> order) {
  std::vector<ReliabilityBin> bins;
  for (std::size_t bin = 0; bin < kReliabilityBins; ++bin) {
    const std::size_t begin = order.size() * bin / kReliabilityBins;
    const std::size_t end = order.size() * (bin + 1) / kReliabilityBins;
    if (begin == end) continue;
    ReliabilityBin& of = bins.emplace_back();
    of.events = static_cast<std::int64_t>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      of.predicted += predictions[order[i]] / static_cast<double>(end - begin);
      of.seen += outcomes[order[i]] / static_cast<double>(end - begin);
    }
  }
  return bins;
}

double expected_calibration_error(std::span<const ReliabilityBin> bins) {
  double error = 0, events = 0;
  for (const ReliabilityBin& bin : bins) {
    error += std::abs(bin.predicted - bin.seen) * static_cast<double>(bin.events);
    events += static_cast<double>(bin.events);
  }
  return error / events;
}

/// Logits of one head of every member, where `counts` says so.
EventLogits event_logits(const std::vector<PageModelOutputs>& members, at::Tensor PageModelOutputs::*head,
                         const std::vector<float>& happened, const std::vector<float>& counts) {
  EventLogits events;
  if (members.empty() || !(members.front().*head).defined()) return events;
  for (std::size_t slot = 0; slot < happened.size(); ++slot)
    if (counts[slot] > 0.5F) events.outcomes.push_back(happened[slot]);
  for (const PageModelOutputs& member : members) {
    const std::vector<float> logits = floats_on_host(member.*head);
    std::vector<float>& kept = events.members.emplace_back();
    for (std::size_t slot = 0; slot < logits.size(); ++slot)
      if (counts[slot] > 0.5F) kept.push_back(logits[slot]);
  }
  return events;
}

PageEventLogits chunk_event_logits(const std::vector<PageModelOutputs>& members,
                                   std::span<const FeedbackPage> pages) {
  std::vector<float> clicked, purchased, carted;
  for (const FeedbackPage& page : pages) {
    clicked.insert(clicked.end(), page.clicked.begin(), page.clicked.end());
    purchased.insert(purchased.end(), page.purchased.begin(), page.purchased.end());
    carted.insert(carted.end(), page.carted.begin(), page.carted.end());
  }
  return {event_logits(members, &PageModelOutputs::click_logit, clicked,
                       std::vector<float>(clicked.size(), 1.0F)),
          event_logits(members, &PageModelOutputs::purchase_logit, purchased, clicked),
          event_logits(members, &PageModelOutputs::cart_logit, carted, clicked)};
}

void append_events(const EventLogits& more, EventLogits& all) {
  all.outcomes.insert(all.outcomes.end(), more.outcomes.begin(), more.outcomes.end());
  all.members.resize(std::max(all.members.size(), more.members.size()));
  for (std::size_t member = 0; member < more.members.size(); ++member)
    all.members[member].insert(all.members[member].end(), more.members[member].begin(),
                               more.members[member].end());
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
  quality.calibration_error = expected_calibration_error(reliability_bins(predictions, outcomes, order));
  return quality;
}

std::vector<ReliabilityBin> reliability(std::span<const float> predictions, std::span<const float> outcomes) {
  return reliability_bins(predictions, outcomes, sorted_by(predictions));
}

std::vector<float> EventLogits::predictions(const ProbabilityMap& map) const {
  std::vector<float> means(outcomes.size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    double sum = 0;
    for (const std::vector<float>& logits : members) sum += map(logits[i]);
    means[i] = static_cast<float>(sum / static_cast<double>(members.size()));
  }
  return means;
}

ProbabilityMap EventLogits::fit(CalibrationKind kind) const {
  std::vector<float> logits, happened;
  for (const std::vector<float>& member : members) {
    logits.insert(logits.end(), member.begin(), member.end());
    happened.insert(happened.end(), outcomes.begin(), outcomes.end());
  }
  return fit_calibration(kind, logits, happened);
}

PageEventLogits page_event_logits(const PageLanguage& language, const FeedbackLog& log,
                                  std::span<const FeedbackPage> pages, const WeightsView& weights,
                                  PageModelForm form, LanePool& pool) {
  constexpr std::size_t kPagesPerChunk = 64;
  std::vector<PageEventLogits> chunks((pages.size() + kPagesPerChunk - 1) / kPagesPerChunk);
  for_chunks(pool, pages.size(), kPagesPerChunk, [&](std::size_t begin, std::size_t end) {
    const auto of_chunk = pages.subspan(begin, end - begin);
    std::vector<RequestPages> groups;
    for (const FeedbackPage& page : of_chunk)
      groups.push_back(encode_pages(language, log, page.request, {page.page}));
    const PageBatch batch = pack_pages(language.vocabulary(), pages_of(groups));
    chunks[begin / kPagesPerChunk] = chunk_event_logits(
        page_model_members(weights, form, batch, std::vector<SlotValue>(batch.slot_row.size())), of_chunk);
  });
  PageEventLogits all;
  for (const PageEventLogits& chunk : chunks)
    for (const auto event : {&PageEventLogits::click, &PageEventLogits::purchase, &PageEventLogits::cart})
      append_events(chunk.*event, all.*event);
  return all;
}

}  // namespace pagewright
