#include "rewards/models/page_task.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>

#include "core/base/rng.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/pairwise_loss.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kHeldOutPageEpoch = 1U << 30;
constexpr std::size_t kHeldOutPageChunk = 32;

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
  return loss_of(weights, parts, epoch);
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

at::Tensor PageModelTask::loss_of(const WeightsView& weights, std::span<const Part> parts,
                                  std::uint64_t epoch) const {
  const bool utility = config_.form != PageModelForm::pairs;
  std::vector<RequestPages> groups;
  std::vector<SlotValue> values;
  SlotLabels labels;
  std::int64_t next_page = 0;
  const auto add_values = [&](const RequestPages& group, const Page& page) {
    const auto of_page = slot_values(gains_, *group.request, page);
    values.insert(values.end(), of_page.begin(), of_page.end());
    ++next_page;
  };
  if (utility)
    for (const Part& part : parts) {
      groups.push_back(encode(part.page->request, epoch, {&part.page->page}));
      add_values(groups.back(), part.page->page);
      labels.clicked.insert(labels.clicked.end(), part.page->clicked.begin(), part.page->clicked.end());
      labels.purchased.insert(labels.purchased.end(), part.page->purchased.begin(),
                              part.page->purchased.end());
    }
  std::vector<std::int64_t> better, worse;
  std::vector<double> omega;
  for (const Part& part : parts) {
    if (!part.pair) continue;
    std::vector<RequestPages> pair = encode(*part.pair, epoch);
    better.push_back(next_page);
    add_values(pair.front(), part.pair->better);
    worse.push_back(next_page);
    add_values(pair.back(), part.pair->worse);
    std::move(pair.begin(), pair.end(), std::back_inserter(groups));
    omega.push_back(part.pair->weight);
  }
  if (groups.empty()) return {};
  const PageBatch batch = pack_pages(language_.vocabulary(), pages_of(groups));
  PageModelOutputs outputs = page_model_forward(weights, config_.form, batch, values);

  at::Tensor total;
  if (!better.empty()) {
    const at::Tensor high = select_values(outputs.page, better);
    const at::Tensor low = select_values(outputs.page, worse);
    const at::Tensor margin =
        tensor_like(std::vector<float>(better.size(), static_cast<float>(config_.margin)), high);
    const at::Tensor centred = high + low;
    const double scale = utility ? config_.pair_weight : 1.0;
    for (double& factor : omega) factor *= scale;
    total =
        weighted_sum(bradley_terry_terms(high, low, margin, label_smoothing_), omega) +
        weighted_sum(centred * centred, std::vector<double>(better.size(), scale * config_.score_penalty));
  }
  if (utility) {
    const auto slots = static_cast<std::int64_t>(labels.clicked.size());
    outputs.click_logit = outputs.click_logit.narrow(0, 0, slots);
    outputs.purchase_logit = outputs.purchase_logit.narrow(0, 0, slots);
    const at::Tensor observed = utility_loss(outputs, labels);
    total = total.defined() ? total + observed : observed;
  }
  return total;
}

double PageModelTask::held_out_loss(const WeightsView& weights) {
  if (held_out_.pages.empty()) return 0;
  const std::size_t count = held_out_.pages.size();
  std::vector<double> losses((count + kHeldOutPageChunk - 1) / kHeldOutPageChunk);
  pool_.run(static_cast<int>(losses.size()), [&](int job) {
    const c10::InferenceMode no_gradients;
    const std::size_t begin = static_cast<std::size_t>(job) * kHeldOutPageChunk;
    std::vector<Part> parts;
    for (std::size_t i = begin; i < std::min(count, begin + kHeldOutPageChunk); ++i)
      parts.push_back(
          {&held_out_.pages[i], draw_pair(held_out_pairs_, kHeldOutPageEpoch, static_cast<std::int64_t>(i))});
    const at::Tensor loss = loss_of(weights, parts, kHeldOutPageEpoch);
    losses[static_cast<std::size_t>(job)] = loss.defined() ? loss.item<double>() : 0;
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(count);
}

}  // namespace pagewright
