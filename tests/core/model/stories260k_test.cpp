// The forward and the cache against a trained model and values computed elsewhere in float64.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <ATen/ops/log_softmax.h>
#include <nlohmann/json.hpp>

#include "core/model/hf_config.hpp"
#include "core/model/kv_cache.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/safetensors.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

nlohmann::json golden() {
  std::ifstream file(std::string(PAGEWRIGHT_TEST_DATA) + "/stories260k/golden.json");
  return nlohmann::json::parse(file);
}

WeightsView stories() {
  const std::filesystem::path folder = std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "stories260k";
  auto config = std::make_shared<ModelConfig>(read_hf_config(folder / "config.json"));
  auto tensors = std::make_shared<NamedTensors>(read_safetensors(folder / "model.safetensors"));
  // The file holds exactly the parameters of the config.
  REQUIRE(parameter_specs(*config).size() == tensors->size());
  for (const ParameterSpec& spec : parameter_specs(*config))
    REQUIRE(tensors->at(spec.name).sizes() == spec.shape);
  return WeightsView(std::move(config), std::move(tensors), 0);
}

WeightsView in_double(const WeightsView& weights) {
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const auto& [name, tensor] : weights.tensors()) tensors->emplace(name, tensor.to(at::kDouble));
  return WeightsView(std::make_shared<ModelConfig>(weights.config()), tensors, 0);
}

TokenBags plain_tokens(const std::vector<TokenId>& ids) {
  TokenBags bags;
  for (const TokenId id : ids) bags.push(id);
  return bags;
}

}  // namespace

TEST_CASE("logits and log-probs of a trained model are those of the reference") {
  const nlohmann::json expected = golden();
  const auto ids = expected.at("prompt_ids").get<std::vector<TokenId>>();
  const auto log_probs = expected.at("prompt_logprob_of_next").get<std::vector<double>>();
  const auto last = expected.at("logits_last_first16").get<std::vector<double>>();
  const auto first = expected.at("logits_pos0_first16").get<std::vector<double>>();
  Batch batch;
  batch.segments.push_back({plain_tokens(ids), 0, -1});
  for (const bool twice : {false, true}) {
    const WeightsView weights = twice ? in_double(stories()) : stories();
    // float64: the reference rounds its rotary frequencies differently.
    const double margin = twice ? 1e-6 : 3e-5;
    const at::Tensor logits = lm_logits(weights, hidden_states(weights, batch)).to(at::kDouble);
    const at::Tensor log_prob = at::log_softmax(logits, -1);
    for (std::size_t i = 0; i < 16; ++i) {
      const auto column = static_cast<std::int64_t>(i);
      CHECK(std::abs(logits[-1][column].item<double>() - last[i]) < margin);
      CHECK(std::abs(logits[0][column].item<double>() - first[i]) < margin);
    }
    for (std::size_t t = 0; t < log_probs.size(); ++t)
      CHECK(std::abs(log_prob[static_cast<std::int64_t>(t)][ids[t + 1]].item<double>() - log_probs[t]) <
            margin);
  }
}

TEST_CASE("two hundred greedy tokens with the cache are those of the reference") {
  const auto expected = golden().at("greedy_ids").get<std::vector<TokenId>>();
  const WeightsView weights = stories();
  const TokenBags prompt = plain_tokens({expected[0]});
  const std::vector<const TokenBags*> prompts{&prompt};
  const std::vector<std::int32_t> stream{0};
  DecodeSession<float> session(weights, prompts, stream, 200);
  at::Tensor hidden = session.prompt_hidden().clone();
  std::vector<TokenId> ids{expected[0]};
  while (ids.size() < expected.size()) {
    const at::Tensor logits = lm_logits(weights, hidden);
    ids.push_back(static_cast<TokenId>(logits.argmax(-1).item<std::int64_t>()));
    session.step(stream, plain_tokens({ids.back()}), hidden.mutable_data_ptr<float>());
  }
  CHECK(ids == expected);
}

}  // namespace pagewright::model_test
