#include "rewards/models/head_ensemble.hpp"

#include <cmath>
#include <numeric>

#include <ATen/ops/equal.h>
#include <c10/core/InferenceMode.h>

#include "core/numerics/device_copy.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr int kMembers = 3;

/// Pages of the simulated shop, and models of three members.
struct EnsembleScene {
  PageLanguage language = models_test::quickstart_language();
  FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  GainWeights gains{1, 5, 1, 3000};
  std::unique_ptr<LanePool> pool = make_lane_pool(2);
  std::vector<RequestPages> groups;
  std::vector<SlotValue> values;
  PageBatch batch;

  EnsembleScene() {
    for (std::size_t p = 0; p < 4; ++p) {
      const LoggedPage& logged = log.pages[p];
      const Request& request = log.requests[static_cast<std::size_t>(logged.request)].request;
      groups.push_back(models_test::encoded_pages(language, request, logged.request, {logged.page}));
      const auto of_page = slot_values(gains, request, logged.page);
      values.insert(values.end(), of_page.begin(), of_page.end());
    }
    batch = models_test::batch_of(language, groups);
  }
  FlatParameters page_model(PageModelForm form) const {
    PageHeads heads;
    heads.members = kMembers;
    return models_test::noisy_model(models_test::quickstart_model(language, page_model_heads(form, heads)),
                                    3);
  }
  FlatParameters item_model() const {
    const std::vector<std::string> head{kItemHead};
    return models_test::noisy_model(models_test::quickstart_model(language, ensemble_heads(head, kMembers)),
                                    5);
  }
};

double member_deviation(const std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double ensemble_sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

TEST_CASE("an ensemble's page score is the mean of its members', and its spread their deviation") {
  const EnsembleScene scene;
  const FlatParameters parameters = scene.page_model(PageModelForm::utility);
  CHECK(ensemble_size(parameters.config(), kClickHead) == kMembers);
  const c10::InferenceMode no_gradients;
  const auto members =
      page_model_members(parameters.view(), PageModelForm::utility, scene.batch, scene.values);
  REQUIRE(members.size() == kMembers);
  // Everything again from the logits, in double.
  std::vector<std::vector<double>> gain;  // [members][S]
  for (const PageModelOutputs& member : members) {
    const auto click = floats_on_host(member.click_logit), purchase = floats_on_host(member.purchase_logit);
    gain.emplace_back();
    for (std::size_t s = 0; s < scene.values.size(); ++s)
      gain.back().push_back(
          ensemble_sigmoid(click[s]) *
          (scene.values[s].click + scene.values[s].purchase * ensemble_sigmoid(purchase[s])));
  }
  const PageModelOutputs outputs =
      page_model_forward(parameters.view(), PageModelForm::utility, scene.batch, scene.values);
  const auto page = floats_on_host(outputs.page), page_spread = floats_on_host(outputs.page_spread),
             slots = floats_on_host(outputs.slots), slot_spread = floats_on_host(outputs.slot_spread);
  for (std::size_t p = 0; p < 4; ++p) {
    std::vector<double> scores;
    for (const auto& of_member : gain)
      scores.push_back(std::accumulate(of_member.begin() + 8 * static_cast<std::ptrdiff_t>(p),
                                       of_member.begin() + 8 * static_cast<std::ptrdiff_t>(p + 1), 0.0));
    CHECK(page[p] == Approx(std::accumulate(scores.begin(), scores.end(), 0.0) / kMembers).epsilon(1e-5));
    const double sd = member_deviation(scores);
    REQUIRE(sd > 0.01);
    CHECK(page_spread[p] == Approx(sd).epsilon(1e-4));
    double parts = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      double mean = 0, covariance = 0, mean_score = 0;
      for (std::size_t h = 0; h < kMembers; ++h) {
        mean += gain[h][8 * p + k] / kMembers;
        mean_score += scores[h] / kMembers;
      }
      for (std::size_t h = 0; h < kMembers; ++h)
        covariance += (gain[h][8 * p + k] - mean) * (scores[h] - mean_score) / (kMembers - 1);
      CHECK(slots[8 * p + k] == Approx(mean).epsilon(1e-5));
      CHECK(slot_spread[8 * p + k] == Approx(covariance / sd).epsilon(1e-3).margin(1e-5));
      parts += slot_spread[8 * p + k];
    }
    CHECK(parts == Approx(sd).epsilon(1e-4));
  }
}

TEST_CASE("an ensemble's item scores are the mean of its members', slot by slot") {
  const EnsembleScene scene;
  const FlatParameters parameters = scene.item_model();
  const c10::InferenceMode no_gradients;
  std::vector<std::vector<float>> member_slots;
  for (const ItemModelOutputs& member : item_model_members(parameters.view(), scene.batch))
    member_slots.push_back(floats_on_host(member.slots));
  REQUIRE(member_slots.size() == kMembers);
  const ItemModelOutputs outputs = item_model_forward(parameters.view(), scene.batch);
  const auto slots = floats_on_host(outputs.slots), spread = floats_on_host(outputs.slot_spread),
             sums = floats_on_host(outputs.discounted);
  double sum = 0;
  for (std::size_t s = 0; s < slots.size(); ++s) {
    std::vector<double> values;
    for (const auto& of_member : member_slots) values.push_back(of_member[s]);
    CHECK(slots[s] == Approx((values[0] + values[1] + values[2]) / 3).epsilon(1e-5).margin(1e-6));
    CHECK(spread[s] == Approx(member_deviation(values)).epsilon(1e-4).margin(1e-6));
    if (s < 8) sum += slots[s] / std::log2(static_cast<double>(s) + 2);
  }
  CHECK(sums[0] == Approx(sum).epsilon(1e-5));
}

TEST_CASE("members begin at different values, which their names decide, and the backbone as ever") {
  const EnsembleScene scene;
  PageHeads heads;
  heads.members = 2;
  const ModelConfig config =
      models_test::quickstart_model(scene.language, page_model_heads(PageModelForm::utility, heads));
  FlatParameters first(config), second(config), plain(config);
  for (FlatParameters* parameters : {&first, &second, &plain}) parameters->initialise(3);
  start_member_heads(first, 3);
  start_member_heads(second, 3);
  const auto equal = [](const FlatParameters& a, const FlatParameters& b, const char* name) {
    return at::equal(a.view().at(name), b.view().at(name));
  };
  for (const char* name : {"click_head.weight", "click_2_head.weight", "purchase_2_head.weight"}) {
    CHECK(equal(first, second, name));
    CHECK_FALSE(equal(first, plain, name));
  }
  CHECK_FALSE(at::equal(first.view().at("click_head.weight"), first.view().at("click_2_head.weight")));
  CHECK(equal(first, plain, "click_2_head.bias"));
  CHECK(equal(first, plain, "model.embed_tokens.weight"));
}

TEST_CASE("bootstrap weights depend on seed, member and user alone, and are exponential") {
  std::vector<std::string> users;
  for (int i = 0; i < 20000; ++i) users.push_back("user-" + std::to_string(i));
  double sum = 0, squares = 0, product = 0;
  for (const std::string& user : users) {
    const double weight = bootstrap_weight(7, 0, user);
    sum += weight;
    squares += weight * weight;
    product += (weight - 1) * (bootstrap_weight(7, 1, user) - 1);
  }
  const auto count = static_cast<double>(users.size());
  CHECK(sum / count == Approx(1).margin(0.03));
  CHECK(squares / count == Approx(2).margin(0.12));
  CHECK(product / count == Approx(0).margin(0.03));
  for (auto user = users.rbegin(); user != users.rbegin() + 50; ++user)
    CHECK(bootstrap_weight(7, 2, *user) == bootstrap_weight(7, 2, std::string(*user)));
  CHECK(bootstrap_weight(7, 0, users[0]) != bootstrap_weight(8, 0, users[0]));
  Request request;
  request.id = "r";
  CHECK(user_key(request) == "r");
  request.user = "u";
  CHECK(member_weight(request, 7, 1, 4, true) == bootstrap_weight(7, 1, "u") / 4);
  CHECK(member_weight(request, 7, 1, 4, false) == 0.25);
  CHECK(member_weight(request, 7, 0, 1, true) == 1);
}

TEST_CASE("the loss of an ensemble is the mean over members of what each weighs its users by") {
  const EnsembleScene scene;
  const FlatParameters parameters = scene.page_model(PageModelForm::utility);
  PageTaskData data{feedback_pages(scene.log, scene.language.schema(), GainConfig{}, Split::train), {}};
  REQUIRE(data.pages.size() >= 20);
  data.pages.resize(20);
  PageModelConfig config;
  config.ensemble = kMembers;
  PageModelTask task(scene.language, scene.log, data, data, config, 0.05, scene.gains, 9, *scene.pool);
  task.begin_epoch(0);
  const c10::InferenceMode no_gradients;
  double expected = 0, unweighted = 0;
  for (const FeedbackPage& page : data.pages) {
    const Request& request = scene.log.requests[static_cast<std::size_t>(page.request)].request;
    const auto group = models_test::encoded_pages(scene.language, request, page.request, {page.page});
    const auto members = page_model_members(parameters.view(), PageModelForm::utility,
                                            models_test::batch_of(scene.language, std::span(&group, 1)),
                                            std::vector<SlotValue>(page.clicked.size()));
    for (int h = 0; h < kMembers; ++h) {
      const auto& member = members[static_cast<std::size_t>(h)];
      const auto click = floats_on_host(member.click_logit), purchase = floats_on_host(member.purchase_logit);
      double loss = 0;
      for (std::size_t k = 0; k < page.clicked.size(); ++k) {
        loss += std::log1p(std::exp((page.clicked[k] > 0 ? -1.0 : 1.0) * click[k]));
        if (page.clicked[k] > 0)
          loss += std::log1p(std::exp((page.purchased[k] > 0 ? -1.0 : 1.0) * purchase[k]));
      }
      expected += bootstrap_weight(9, h, request.user) * loss / kMembers;
      unweighted += loss / kMembers;
    }
  }
  LaneSums sums;
  std::vector<std::int64_t> examples(20);
  std::iota(examples.begin(), examples.end(), 0);
  const double loss = task.loss(parameters.view(), examples, sums).item<double>();
  CHECK(loss == Approx(expected).epsilon(1e-5));
  std::vector<std::int64_t> backwards(examples.rbegin(), examples.rend());
  CHECK(task.loss(parameters.view(), backwards, sums).item<double>() == Approx(expected).epsilon(1e-5));
  CHECK(expected != Approx(unweighted).epsilon(1e-3));
}

TEST_CASE("pessimism takes deviations off the scores, and the parts of a page's slots add up to the page's") {
  const EnsembleScene scene;
  const FlatParameters page = scene.page_model(PageModelForm::utility), item = scene.item_model();
  RewardScale plain, pessimistic;
  pessimistic.page_pessimism = 1.5;
  pessimistic.item_pessimism = 0.5;
  const LearnedTermContext as_is{scene.language.vocabulary(), plain, *scene.pool};
  const LearnedTermContext careful{scene.language.vocabulary(), pessimistic, *scene.pool};
  const auto mean = score_pages(as_is, page.view(), PageModelForm::utility, scene.gains, scene.groups);
  const auto low = score_pages(careful, page.view(), PageModelForm::utility, scene.gains, scene.groups);
  const auto item_mean = score_items(as_is, item.view(), scene.groups);
  const auto item_low = score_items(careful, item.view(), scene.groups);
  for (std::size_t p = 0; p < 4; ++p) {
    REQUIRE(mean[p].page_spread > 0);
    CHECK(low[p].page == Approx(mean[p].page - 1.5 * mean[p].page_spread).epsilon(1e-5));
    CHECK(std::accumulate(low[p].slots.begin(), low[p].slots.end(), 0.0) ==
          Approx(low[p].page).epsilon(1e-4));
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      CHECK(item_low[p].slots[k] ==
            Approx(item_mean[p].slots[k] - 0.5 * item_mean[p].slot_spread[k]).epsilon(1e-5).margin(1e-6));
      sum += item_low[p].slots[k] * slot_discount(static_cast<int>(k));
    }
    CHECK(item_low[p].page == Approx(sum).epsilon(1e-4).margin(1e-5));
  }
}

TEST_CASE("a pairs form with a head over the slots scores a page by their sum") {
  const EnsembleScene scene;
  PageHeads heads;
  heads.by_slot = true;
  heads.members = 2;
  const auto names = page_model_heads(PageModelForm::pairs, heads);
  CHECK(names == std::vector<std::string>{"page_slot", "page_slot_2"});
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(scene.language, names), 3);
  const c10::InferenceMode no_gradients;
  const PageModelOutputs outputs =
      page_model_forward(parameters.view(), PageModelForm::pairs, scene.batch, {});
  const auto page = floats_on_host(outputs.page), slots = floats_on_host(outputs.slots);
  for (std::size_t p = 0; p < 4; ++p) {
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum += slots[8 * p + k];
    CHECK(page[p] == Approx(sum).epsilon(1e-5).margin(1e-5));
    CHECK(page[p] != page[(p + 1) % 4]);
  }
  const auto members = page_model_members(parameters.view(), PageModelForm::pairs, scene.batch, {});
  CHECK(floats_on_host(members[0].page)[0] != floats_on_host(members[1].page)[0]);
}

}  // namespace
}  // namespace pagewright
