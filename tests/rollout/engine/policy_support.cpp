#include "tests/rollout/engine/policy_support.hpp"

#include <ATen/ops/empty.h>

#include "core/base/rng.hpp"
#include "core/config/config_file.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/prompt_template.hpp"

namespace pagewright::policy_test {
namespace {

Item random_item(CounterRandom& random, int request, int number) {
  Item item;
  item.id = "item" + std::to_string(request) + "-" + std::to_string(number);
  item.category = "category" + std::to_string(random.below(5));
  item.brand = "brand" + std::to_string(random.below(6));
  item.price = static_cast<std::int64_t>(random.below(1000));
  item.currency = "EUR";
  item.ad = random.below(4) == 0;
  return item;
}

}  // namespace

PageLanguage small_language() {
  const ConfigFile file = parse_config(R"(
schema:
  section_types:
    grid: {min_slots: 2, max_slots: 4}
    list: {min_slots: 1, max_slots: 2}
  min_sections: 1
  max_sections: 2
  max_candidates: 12
  max_ads: 2
  min_ad_gap: 1
template:
  context: ["{context.device|hash:4}"]
  history: {last: 3, fused: ["{category|hash:8}", "{action|bucket:4:0:3}"]}
  candidate: {fused: ["{price|bucket:8:0:1000}", "{category|hash:8}", "{brand|hash:8}"]}
)",
                                       "small.yaml");
  PageSchema schema = PageSchema::from(file.root().child("schema"));
  PromptTemplate prompt_template = PromptTemplate::from(file.root().child("template"));
  file.finish();
  return PageLanguage(std::move(schema), std::move(prompt_template), CandidateOrderKind::shuffled, 5);
}

std::vector<Request> small_requests(int count, std::uint64_t seed) {
  std::vector<Request> requests;
  for (int r = 0; r < count; ++r) {
    CounterRandom random(seed, RandomStream::world, 0, static_cast<std::uint64_t>(r));
    Request request;
    request.id = "request" + std::to_string(r);
    request.user = "user" + std::to_string(r);
    request.context["device"] = random.below(2) ? "phone" : "desktop";
    const int actions = static_cast<int>(random.below(4)), candidates = 7 + static_cast<int>(random.below(6));
    for (int i = 0; i < actions; ++i)
      request.history.push_back({ActionKind::click, 0, random_item(random, r, 100 + i)});
    for (int i = 0; i < candidates; ++i) request.candidates.push_back(random_item(random, r, i));
    requests.push_back(std::move(request));
  }
  return requests;
}

std::vector<KeyedRequest> keyed(const std::vector<Request>& requests) {
  std::vector<KeyedRequest> result;
  for (std::size_t i = 0; i < requests.size(); ++i)
    result.push_back({&requests[i], static_cast<std::int64_t>(100 + i)});
  return result;
}

WeightsView small_weights(const PageLanguage& language, std::uint64_t seed, LayoutHeadKind head) {
  ModelConfig config;
  config.vocab_size = language.vocabulary().size();
  config.layout_begin = language.vocabulary().layout_begin();
  config.structure_size = language.vocabulary().structure_size();
  config.layout_head = head;
  config.dim = 32;
  config.heads = 4;
  config.kv_heads = 2;
  config.ffn_dim = 48;
  config.max_positions = 64;
  CounterRandom random(seed, RandomStream::init);
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const ParameterSpec& spec : parameter_specs(config)) {
    at::Tensor tensor = at::empty(spec.shape, at::TensorOptions().dtype(at::kFloat));
    float* values = tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
      values[i] = static_cast<float>((spec.init == InitKind::ones ? 1.0 : 0.0) + 0.3 * random.normal());
    (*tensors)[spec.name] = tensor;
  }
  return WeightsView(std::make_shared<ModelConfig>(config), tensors, 17);
}

}  // namespace pagewright::policy_test
