#include "rewards/models/page_task.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "core/base/rng.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/pairwise_loss.hpp"
#include "rewards/models/head_ensemble.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kHeldOutPageEpoch = 1U << 30;
constexpr std::size_t kHeldOutPageChunk = 32;

/// The first `slots` slots: those of the logged pages, which come before those of pairs.
PageModelOutputs first_slots(const PageModelOutputs& outputs, std::int64_t slots) {
  PageModelOutputs first;
  const auto cut = [&](at::Tensor PageModelOutputs::*part) {
    if ((outputs.*part).defined()) first.*part = (outputs.*part).narrow(0, 0, slots);
  };
  for (const auto part : {&PageModelOutputs::click_logit, &PageModelOutputs::purchase_logit,
                          &PageModelOutputs::cart_logit, &PageModelOutputs::revenue})
    cut(part);
  return first;
}

}  // namespace

PageModelTask::PageModelTask(const PageLanguage& language, const FeedbackLog& log, PageTaskData train,
                             PageTaskData held_out, const PageModelConfig& config, double label_smoothing,
                             GainWeights gains, std::uint64_t seed, LanePool& pool)
    : language_(language),
      log_(log),
      train_(std::move(train)),
      held_out_(std::move(held_out)),
      train_pairs_(train_.pairs, train_.family_weights),
      held_out_pairs_(held_out_.pairs, held_out_.family_weights),
      config_(config),
      label_smoothing_(label_smoothing),
      gains_(gains),
      seed_(seed),
      pool_(pool) {}

const PagePair* PageModelTask::draw_pair(const PairDraw& pairs, std::uint64_t epoch,
                                         std::int64_t example) const {
  if (config_.form == PageModelForm::utility) return nullptr;
  CounterRandom random(seed_, RandomStream::pairs, epoch, static_cast<std::uint64_t>(example), /*sample=*/1);
  return pairs.draw(random);
}

at::Tensor PageModelTask::loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                               LaneSums&) const {
  const auto epoch = static_cast<std::uint64_t>(epoch_);
  std::vector<Part> parts;
  for (std::int64_t example : examples)
    parts.push_back(
        {&train_.pages[static_cast<std::size_t>(example)], draw_pair(train_pairs_, epoch, example)});
  return loss_of(weights, parts, epoch, /*resample=*/true);
}

void PageModelTask::add_labels(const FeedbackPage& page, SlotLabels& labels) const {
  const auto append = [](std::vector<float>& all, const std::vector<float>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(labels.clicked, page.clicked);
  append(labels.purchased, page.purchased);
  append(labels.carted, page.carted);
  const Request& request = log_.requests[static_cast<std::size_t>(page.request)].request;
  const std::vector<std::int32_t> items = page.page.items();
  for (std::size_t k = 0; k < page.paid.size(); ++k) {
    const auto& price = request.candidates.at(static_cast<std::size_t>(items[k])).price;
    const double listed = price && *price > 0 ? static_cast<double>(*price) : gains_.price_ref;
    labels.revenue.push_back(
        page.paid[k] > 0 ? static_cast<float>(std::pow(page.paid[k] / listed, gains_.price_power)) : 0.0F);
  }
}

RequestPages PageModelTask::encode(std::int64_t request_index, std::uint64_t epoch,
                                   std::initializer_list<const Page*> pages) const {
  const Request& request = log_.requests[static_cast<std::size_t>(request_index)].request;
  CandidateOrder order = language_.candidate_order(request, epoch, static_cast<std::uint64_t>(request_index));
  RequestPages group;
  group.request = &request;
  group.key = request_index;
  for (const Page* page : pages) group.encoded.push_back(language_.encode(order, *page));
  group.prompt = language_.prompt(request, std::move(order));
  return group;
}

std::vector<RequestPages> PageModelTask::encode(const PagePair& pair, std::uint64_t epoch) const {
  std::vector<RequestPages> groups;
  if (!pair.worse_request) {
    groups.push_back(encode(pair.request, epoch, {&pair.better, &pair.worse}));
  } else {
    groups.push_back(encode(pair.request, epoch, {&pair.better}));
    groups.push_back(encode(*pair.worse_request, epoch, {&pair.worse}));
  }
  return groups;
}

at::Tensor PageModelTask::pair_loss(const at::Tensor& high, const at::Tensor& low,
                                    std::span<const double> omega, std::span<const double> centring) const {
  const at::Tensor margin =
      tensor_like(std::vector<float>(omega.size(), static_cast<float>(config_.margin)), high);
  const at::Tensor centred = high + low;
  return weighted_sum(bradley_terry_terms(high, low, margin, label_smoothing_), omega) +
         weighted_sum(centred * centred, centring);
}

PageModelTask::Gathered PageModelTask::gather(std::span<const Part> parts, std::uint64_t epoch) const {
  Gathered gathered;
  std::int64_t next_page = 0;
  const auto add_values = [&](const RequestPages& group, const Page& page) {
    const auto of_page = slot_values(gains_, *group.request, page);
    gathered.values.insert(gathered.values.end(), of_page.begin(), of_page.end());
    return next_page++;
  };
  if (config_.form != PageModelForm::pairs)
    for (const Part& part : parts) {
      gathered.groups.push_back(encode(part.page->request, epoch, {&part.page->page}));
      add_values(gathered.groups.back(), part.page->page);
      add_labels(*part.page, gathered.labels);
    }
  for (const Part& part : parts) {
    if (!part.pair) continue;
    std::vector<RequestPages> pair = encode(*part.pair, epoch);
    gathered.better.push_back(add_values(pair.front(), part.pair->better));
    gathered.worse.push_back(add_values(pair.back(), part.pair->worse));
    std::move(pair.begin(), pair.end(), std::back_inserter(gathered.groups));
  }
  return gathered;
}

at::Tensor PageModelTask::member_loss(const PageModelOutputs& member, const Gathered& gathered,
                                      std::span<const Part> parts, const RequestWeight& weight) const {
  const bool utility = config_.form != PageModelForm::pairs;
  at::Tensor total;
  if (!gathered.better.empty()) {
    std::vector<double> omega, centring;
    for (const Part& part : parts) {
      if (!part.pair) continue;
      const double scale = weight(part.pair->request) * (utility ? config_.pair_weight : 1.0);
      omega.push_back(part.pair->weight * scale);
      centring.push_back(config_.score_penalty * scale);
    }
    total = pair_loss(select_values(member.page, gathered.better), select_values(member.page, gathered.worse),
                      omega, centring);
  }
  if (!utility) return total;
  std::vector<double> of_slots;
  for (const Part& part : parts)
    of_slots.insert(of_slots.end(), part.page->clicked.size(), weight(part.page->request));
  const at::Tensor observed =
      utility_loss(first_slots(member, std::ssize(of_slots)), gathered.labels, of_slots);
  return total.defined() ? total + observed : observed;
}

at::Tensor PageModelTask::loss_of(const WeightsView& weights, std::span<const Part> parts,
                                  std::uint64_t epoch, bool resample) const {
  const Gathered gathered = gather(parts, epoch);
  if (gathered.groups.empty()) return {};
  const PageBatch batch = pack_pages(language_.vocabulary(), pages_of(gathered.groups));
  const std::vector<PageModelOutputs> members =
      page_model_members(weights, config_.form, batch, gathered.values);
  at::Tensor total;
  for (std::size_t member = 0; member < members.size(); ++member) {
    const at::Tensor loss = member_loss(members[member], gathered, parts, [&](std::int64_t request) {
      return member_weight(log_.requests[static_cast<std::size_t>(request)].request, seed_, member,
                           members.size(), resample);
    });
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

std::optional<double> PageModelTask::held_out_loss(const WeightsView& weights) {
  if (held_out_.pages.empty()) return std::nullopt;
  const std::size_t count = held_out_.pages.size();
  std::vector<double> losses((count + kHeldOutPageChunk - 1) / kHeldOutPageChunk);
  std::vector<char> measured(losses.size());
  pool_.run(static_cast<int>(losses.size()), [&](int job) {
    const c10::InferenceMode no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * kHeldOutPageChunk;
    std::vector<Part> parts;
    for (std::size_t i = begin; i < std::min(count, begin + kHeldOutPageChunk); ++i)
      parts.push_back(
          {&held_out_.pages[i], draw_pair(held_out_pairs_, kHeldOutPageEpoch, static_cast<std::int64_t>(i))});
    const at::Tensor loss = loss_of(weights, parts, kHeldOutPageEpoch, /*resample=*/false);
    measured[static_cast<std::size_t>(job)] = loss.defined();
    losses[static_cast<std::size_t>(job)] = loss.defined() ? loss.item<double>() : 0;
  });
  if (std::ranges::count(measured, 1) == 0) return std::nullopt;
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(count);
}

}  // namespace pagewright
