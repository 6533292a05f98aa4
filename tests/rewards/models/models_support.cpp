#include "tests/rewards/models/models_support.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/config/config_file.hpp"
#include "rewards/models/reward_model.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"

namespace pagewright::models_test {

PageLanguage quickstart_language() {
  const ConfigFile file =
      load_config(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", {});
  PromptTemplate prompt_template = PromptTemplate::from(file.root().child("prompt", "prompt"));
  return PageLanguage(test::carousel_and_grid(), std::move(prompt_template), CandidateOrderKind::shuffled, 1);
}

ModelConfig quickstart_model(const PageLanguage& language, std::vector<std::string> heads, int layers) {
  ModelConfig config;
  config.vocab_size = language.vocabulary().size();
  config.layout_begin = language.vocabulary().layout_begin();
  config.structure_size = language.vocabulary().structure_size();
  config.dim = 64;
  config.layers = layers;
  config.heads = config.kv_heads = 4;
  config.ffn_dim = 128;
  return reward_model_config(config, std::move(heads));
}

FlatParameters noisy_model(const ModelConfig& config, std::uint64_t seed, double stddev) {
  FlatParameters parameters(config);
  parameters.initialise(seed);
  CounterRandom random(seed, RandomStream::init, /*iteration=*/1);
  float* values = parameters.values().data_ptr<float>();
  for (const FlatSlot& slot : parameters.slots())
    for (std::int64_t i = 0; i < slot.numel; ++i)
      values[slot.offset + i] += static_cast<float>(stddev * random.normal());
  return parameters;
}

void silence_blocks(FlatParameters& parameters) {
  int silenced = 0;
  for (const FlatSlot& slot : parameters.slots())
    if (slot.spec.name.ends_with("o_proj.weight") || slot.spec.name.ends_with("down_proj.weight")) {
      parameters.values().narrow(0, slot.offset, slot.numel).zero_();
      ++silenced;
    }
  require(silenced == 2 * parameters.config().layers, "{} of {} blocks were silenced", silenced,
          2 * parameters.config().layers);
}

RequestPages encoded_pages(const PageLanguage& language, const Request& request, std::int64_t key,
                           std::vector<Page> pages) {
  CandidateOrder order = language.candidate_order(request, 0, static_cast<std::uint64_t>(key));
  RequestPages group;
  group.request = &request;
  group.key = key;
  for (const Page& page : pages) group.encoded.push_back(language.encode(order, page));
  group.pages = std::move(pages);
  group.prompt = language.prompt(request, std::move(order));
  return group;
}

PageBatch batch_of(const PageLanguage& language, std::span<const RequestPages> groups) {
  return pack_pages(language.vocabulary(), pages_of(groups));
}

}  // namespace pagewright::models_test
