// Pages and log-probs by ATen's operators, which generate on devices, against own kernels.
#include <cmath>

#include "core/model/device/operator_choice.hpp"
#include "rollout/engine/model_policy.hpp"
#include "tests/rollout/engine/policy_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cuda_device.hpp"

namespace pagewright::policy_test {
namespace {

WeightsView placed(const WeightsView& weights, c10::Device device, at::ScalarType type) {
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const auto& [name, tensor] : weights.tensors()) (*tensors)[name] = tensor.to(device, type);
  return WeightsView(std::make_shared<ModelConfig>(weights.config()), tensors, weights.version());
}

/// Everything that a policy is asked for.
struct Asked {
  std::vector<Trajectory> greedy, sampled, unconstrained;
  std::vector<std::vector<float>> scored;
  std::vector<std::vector<double>> first_slots;
};

Asked ask(const WeightsView& weights) {
  const PageLanguage language = small_language();
  const std::vector<Request> requests = small_requests(9, 3);
  const std::vector<KeyedRequest> keys = keyed(requests);
  LanePool pool(1);
  ModelPolicy policy(language, [&] { return weights; }, pool, "policy");
  SampleOptions options;
  options.seed = 11;
  options.samples = 3;
  Asked asked;
  asked.sampled = policy.generate(keys, options);
  std::vector<KeyedRequest> of_page;
  for (const KeyedRequest& request : keys) of_page.insert(of_page.end(), 3, request);
  asked.scored = policy.log_probs(of_page, asked.sampled);
  options.constrained = false;
  asked.unconstrained = policy.generate(keys, options);
  options.constrained = options.greedy = true;
  options.samples = 1;
  asked.greedy = policy.generate(keys, options);
  asked.first_slots = policy.first_slot_scores(keys);
  return asked;
}

void check_pages(const std::vector<Trajectory>& ours, const std::vector<Trajectory>& theirs) {
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours[i].tokens == theirs[i].tokens);
    CHECK(ours[i].page == theirs[i].page);
    CHECK(ours[i].policy_version == theirs[i].policy_version);
    REQUIRE(ours[i].log_probs.size() == theirs[i].log_probs.size());
    for (std::size_t t = 0; t < ours[i].log_probs.size(); ++t)
      CHECK(std::abs(ours[i].log_probs[t] - theirs[i].log_probs.at(t)) < 1e-4);
  }
}

/// Random numbers are the same, so that pages are, unless one falls on a border.
void check_asked(const Asked& ours, const Asked& theirs) {
  check_pages(ours.greedy, theirs.greedy);
  check_pages(ours.sampled, theirs.sampled);
  check_pages(ours.unconstrained, theirs.unconstrained);
  REQUIRE(ours.scored.size() == theirs.scored.size());
  for (std::size_t i = 0; i < ours.scored.size(); ++i) {
    REQUIRE(ours.scored[i].size() == theirs.scored[i].size());
    for (std::size_t t = 0; t < ours.scored[i].size(); ++t) {
      CHECK(std::abs(ours.scored[i][t] - theirs.scored[i].at(t)) < 1e-4);
      CHECK(std::abs(ours.scored[i][t] - ours.sampled[i].log_probs.at(t)) < 1e-4);
    }
  }
  REQUIRE(ours.first_slots.size() == theirs.first_slots.size());
  for (std::size_t i = 0; i < ours.first_slots.size(); ++i) {
    REQUIRE(ours.first_slots[i].size() == theirs.first_slots[i].size());
    for (std::size_t j = 0; j < ours.first_slots[i].size(); ++j) {
      const double one = ours.first_slots[i][j], other = theirs.first_slots[i].at(j);
      CHECK((one == other || std::abs(one - other) < 1e-4));
    }
  }
}

}  // namespace

TEST_CASE("operators compose the pages of own kernels, greedy and sampled") {
  for (const LayoutHeadKind head : {LayoutHeadKind::pointer, LayoutHeadKind::tokens})
    for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
      const WeightsView weights = placed(small_weights(small_language(), 21, head), c10::kCPU, type);
      const Asked own = ask(weights);
      const OperatorsEverywhere everywhere;
      check_asked(ask(weights), own);
    }
}

TEST_CASE("a bfloat16 policy composes valid pages whose log-probs are near those of its full forward") {
  const OperatorsEverywhere everywhere;
  const WeightsView weights = placed(small_weights(small_language(), 22), c10::kCPU, at::kBFloat16);
  const Asked asked = ask(weights);
  for (std::size_t i = 0; i < asked.sampled.size(); ++i) {
    CHECK(asked.sampled[i].invalid_cause.empty());
    REQUIRE(asked.scored[i].size() == asked.sampled[i].log_probs.size());
    for (std::size_t t = 0; t < asked.scored[i].size(); ++t)
      CHECK(std::abs(asked.scored[i][t] - asked.sampled[i].log_probs.at(t)) < 0.5);
  }
}

TEST_CASE("a CUDA device composes the pages of the CPU, greedy and sampled", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const LayoutHeadKind head : {LayoutHeadKind::pointer, LayoutHeadKind::tokens}) {
    const WeightsView weights = small_weights(small_language(), 21, head);
    const Asked own = ask(placed(weights, c10::kCPU, at::kDouble));
    check_asked(ask(placed(weights, *device, at::kDouble)), own);
  }
}

}  // namespace pagewright::policy_test
