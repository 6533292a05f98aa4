#include "rewards/models/item_task.hpp"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "core/base/rng.hpp"
#include "core/numerics/device_copy.hpp"
#include "rewards/models/head_ensemble.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kHeldOutItemEpoch = 1U << 30;
constexpr std::size_t kHeldOutItemChunk = 32;

std::vector<std::vector<SwapPair>> swaps_by_page(const std::vector<SwapPair>& swaps) {
  std::vector<std::vector<SwapPair>> pages;
  for (const SwapPair& swap : swaps) {
    if (pages.empty() || pages.back().front().page != swap.page) pages.emplace_back();
    pages.back().push_back(swap);
  }
  return pages;
}

double swap_weight(const SwapPair& swap, SwapWeight weight) {
  return weight == SwapWeight::ndcg && swap.ideal > 0 ? swap.weight / swap.ideal : swap.weight;
}

void count_right(const SwapScores& scores, std::span<const SwapInBatch> swaps, LaneSums& sums) {
  const std::vector<float> original = floats_on_host(scores.original),
                           swapped = floats_on_host(scores.swapped);
  for (std::size_t s = 0; s < swaps.size(); ++s) {
    const float gap = swaps[s].sign * (original[s] - swapped[s]);
    sums["swaps"] += 1;
    sums["swaps_right"] += gap > 0 ? 1 : 0;
  }
}

}  // namespace

ItemModelTask::ItemModelTask(const PageLanguage& language, const FeedbackLog& log,
                             const std::vector<SwapPair>& train, const std::vector<SwapPair>& held_out,
                             const ItemModelConfig& config, std::uint64_t seed, LanePool& pool)
    : language_(language),
      log_(log),
      train_(swaps_by_page(train)),
      held_out_(swaps_by_page(held_out)),
      config_(config),
      seed_(seed),
      pool_(pool) {}

std::vector<SwapPair> ItemModelTask::draw_swaps(const PageSwaps& swaps, std::uint64_t epoch) const {
  const LoggedPage& page = log_.pages[static_cast<std::size_t>(swaps.front().page)];
  const Request& request = log_.requests[static_cast<std::size_t>(page.request)].request;
  std::vector<SwapPair> shuffled = swaps;
  CounterRandom random(seed_, RandomStream::pairs, epoch, static_cast<std::uint64_t>(swaps.front().page));
  random.shuffle(std::span(shuffled));
  std::vector<SwapPair> drawn;
  for (const SwapPair& swap : shuffled) {
    if (static_cast<int>(drawn.size()) == config_.swaps) break;
    if (page_violations(language_.schema(), request, swap_slots(page.page, swap.i, swap.j)).empty())
      drawn.push_back(swap);
  }
  return drawn;
}

at::Tensor ItemModelTask::loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                               LaneSums& sums) const {
  std::vector<const PageSwaps*> pages;
  for (std::int64_t example : examples) pages.push_back(&train_[static_cast<std::size_t>(example)]);
  return swap_loss_of(weights, pages, static_cast<std::uint64_t>(epoch_), /*resample=*/true, sums);
}

ItemModelTask::Gathered ItemModelTask::gather(std::span<const PageSwaps* const> pages,
                                              std::uint64_t epoch) const {
  Gathered gathered;
  std::int64_t next_page = 0;
  for (const PageSwaps* of_page : pages) {
    const std::vector<SwapPair> drawn = draw_swaps(*of_page, epoch);
    if (drawn.empty()) continue;
    const LoggedPage& logged = log_.pages[static_cast<std::size_t>(drawn.front().page)];
    const Request& request = log_.requests[static_cast<std::size_t>(logged.request)].request;
    CandidateOrder order =
        language_.candidate_order(request, epoch, static_cast<std::uint64_t>(logged.request));
    RequestPages& group = gathered.groups.emplace_back();
    group.request = &request;
    group.key = logged.request;
    group.encoded.push_back(language_.encode(order, logged.page));
    const std::int64_t original = next_page++;
    for (const SwapPair& swap : drawn) {
      std::int64_t swapped = original;
      if (config_.form == SwapForm::full) {
        group.encoded.push_back(language_.encode(order, swap_slots(logged.page, swap.i, swap.j)));
        swapped = next_page++;
      }
      const double share = 1.0 / static_cast<double>(drawn.size());
      gathered.swaps.push_back({original, swapped, swap.first_better ? 1.0F : -1.0F,
                                static_cast<float>(swap_weight(swap, config_.weight) * share), swap.i,
                                swap.j});
      gathered.request.push_back(&request);
    }
    group.prompt = language_.prompt(request, std::move(order));
  }
  return gathered;
}

SwapScores ItemModelTask::scores(const ItemModelOutputs& outputs, const PageBatch& batch,
                                 std::span<const SwapInBatch> swaps) const {
  return config_.form == SwapForm::full ? full_swap_scores(outputs, swaps)
                                        : order_free_swap_scores(outputs, batch, swaps);
}

at::Tensor ItemModelTask::swap_loss_of(const WeightsView& weights, std::span<const PageSwaps* const> pages,
                                       std::uint64_t epoch, bool resample, LaneSums& sums) const {
  const Gathered gathered = gather(pages, epoch);
  if (gathered.swaps.empty()) return {};
  const PageBatch batch = pack_pages(language_.vocabulary(), pages_of(gathered.groups));
  const std::vector<ItemModelOutputs> members = item_model_members(weights, batch);
  count_right(scores(mean_of_members(members), batch, gathered.swaps), gathered.swaps, sums);
  at::Tensor total;
  for (std::size_t member = 0; member < members.size(); ++member) {
    std::vector<SwapInBatch> swaps = gathered.swaps;
    if (members.size() > 1)
      for (std::size_t s = 0; s < swaps.size(); ++s)
        swaps[s].weight *=
            static_cast<float>(member_weight(*gathered.request[s], seed_, member, members.size(), resample));
    at::Tensor loss = swap_loss(scores(members[member], batch, swaps), swaps);
    if (config_.position_penalty != 0 && config_.form == SwapForm::full)
      loss = loss + config_.position_penalty * position_penalty(members[member], batch, swaps);
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

std::optional<double> ItemModelTask::held_out_loss(const WeightsView& weights) {
  if (held_out_.empty()) return std::nullopt;
  const std::size_t chunks = (held_out_.size() + kHeldOutItemChunk - 1) / kHeldOutItemChunk;
  std::vector<double> losses(chunks);
  std::vector<LaneSums> sums(chunks);
  pool_.run(static_cast<int>(chunks), [&](int job) {
    const c10::InferenceMode no_gradients;
    const auto chunk = static_cast<std::size_t>(job);
    std::vector<const PageSwaps*> pages;
    for (std::size_t i = chunk * kHeldOutItemChunk;
         i < std::min(held_out_.size(), (chunk + 1) * kHeldOutItemChunk); ++i)
      pages.push_back(&held_out_[i]);
    const at::Tensor loss = swap_loss_of(weights, pages, kHeldOutItemEpoch, /*resample=*/false, sums[chunk]);
    losses[chunk] = loss.defined() ? loss.item<double>() : 0;
  });
  double loss = 0, swaps = 0, right = 0;
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    loss += losses[chunk];
    swaps += sums[chunk]["swaps"];
    right += sums[chunk]["swaps_right"];
  }
  held_out_swaps_ = static_cast<std::int64_t>(swaps);
  held_out_accuracy_ = swaps > 0 ? right / swaps : 0;
  if (swaps == 0) return std::nullopt;
  return loss / static_cast<double>(held_out_.size());
}

}  // namespace pagewright
