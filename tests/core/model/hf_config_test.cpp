#include "core/model/hf_config.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

using nlohmann::json;

json small_json(const std::string& type) {
  return {{"model_type", type},      {"vocab_size", 64},         {"hidden_size", 32},
          {"num_hidden_layers", 3},  {"num_attention_heads", 4}, {"num_key_value_heads", 2},
          {"intermediate_size", 40}, {"rms_norm_eps", 1e-5},     {"max_position_embeddings", 256},
          {"rope_theta", 50000.0}};
}

ModelConfig parsed(json config, const json& changes = json::object()) {
  config.merge_patch(changes);  // null removes a key
  return parse_hf_config(config.dump());
}

std::string refusal(const std::string& type, const json& changes) {
  json config = small_json(type);
  config.update(changes);
  return test::error_text([&] { parse_hf_config(config.dump()); });
}

/// The config after writing and reading.
ModelConfig round_trip(const ModelConfig& config, json* written = nullptr) {
  const test::TemporaryFolder folder;
  write_hf_config(folder / "config.json", config, "bfloat16");
  if (written) *written = json::parse(read_file(folder / "config.json"));
  return read_hf_config(folder / "config.json");
}

}  // namespace

TEST_CASE("the types differ in biases and norms as transformers' do") {
  const ModelConfig llama = parsed(small_json("llama"));
  CHECK(llama.model_type == "llama");
  CHECK((llama.dim == 32 && llama.layers == 3 && llama.heads == 4 && llama.kv_heads == 2));
  CHECK((llama.ffn_dim == 40 && llama.vocab_size == 64 && llama.max_positions == 256));
  CHECK((llama.norm_eps == 1e-5 && llama.rope_theta == 50000));
  CHECK_FALSE((llama.qkv_bias || llama.output_bias || llama.mlp_bias || llama.qk_norm || llama.tied));
  CHECK((llama.windows.empty() && llama.head_size() == 8));
  const ModelConfig biased = parsed(small_json("llama"), {{"attention_bias", true}, {"mlp_bias", true}});
  CHECK((biased.qkv_bias && biased.output_bias && biased.mlp_bias));
  const ModelConfig qwen2 = parsed(small_json("qwen2"), {{"tie_word_embeddings", true}});
  CHECK((qwen2.qkv_bias && !qwen2.output_bias && !qwen2.qk_norm && qwen2.tied));
  const ModelConfig qwen3 = parsed(small_json("qwen3"), {{"attention_bias", true}});
  CHECK((qwen3.qk_norm && qwen3.qkv_bias && qwen3.output_bias));
  CHECK(qwen3.head_size() == 128);
  CHECK(parsed(small_json("qwen3"), {{"head_dim", 16}}).head_size() == 16);
}

TEST_CASE("absent keys have the defaults of their type, and null counts as transformers counts it") {
  CHECK(parsed(small_json("llama"), {{"num_key_value_heads", nullptr}}).kv_heads == 4);
  json mistral = small_json("mistral");
  mistral["num_attention_heads"] = 16;
  mistral.erase("num_key_value_heads");
  CHECK(parse_hf_config(mistral.dump()).kv_heads == 8);
  mistral["num_key_value_heads"] = nullptr;
  CHECK(parse_hf_config(mistral.dump()).kv_heads == 16);
  json llama = small_json("llama");
  for (const char* key : {"max_position_embeddings", "rms_norm_eps", "rope_theta"}) llama.erase(key);
  const ModelConfig config = parse_hf_config(llama.dump());
  CHECK((config.max_positions == 2048 && config.norm_eps == 1e-6 && config.rope_theta == 10000));
}

TEST_CASE("sliding windows are read as each type spells them") {
  const auto windows = [](const std::string& type, const json& changes) {
    json config = small_json(type);
    config.update(changes);
    return parse_hf_config(config.dump()).windows;
  };
  using Windows = std::vector<std::int64_t>;
  CHECK(windows("mistral", {{"sliding_window", 7}}) == Windows{7, 7, 7});
  CHECK(windows("mistral", {{"sliding_window", nullptr}}).empty());
  CHECK(windows("mistral", json::object()) == Windows{4096, 4096, 4096});
  const json given = {{"use_sliding_window", true}, {"sliding_window", 9}, {"max_window_layers", 1}};
  CHECK(windows("qwen2", given) == Windows{0, 9, 9});
  CHECK(windows("qwen3", given) == Windows{0, 9, 9});
  json unused = given;
  unused["use_sliding_window"] = false;
  CHECK(windows("qwen2", unused).empty());
  json types = given;
  types["layer_types"] = {"sliding_attention", "full_attention", "sliding_attention"};
  CHECK(windows("qwen2", types) == Windows{9, 0, 9});
  types["use_sliding_window"] = false;
  CHECK(test::contains(refusal("qwen2", types), "layer_types has sliding_attention, but"));
}

TEST_CASE("rope scaling is read in both spellings") {
  const json llama3 = {{"rope_type", "llama3"},
                       {"factor", 8.0},
                       {"low_freq_factor", 1.0},
                       {"high_freq_factor", 4.0},
                       {"original_max_position_embeddings", 64}};
  for (const bool newer : {false, true}) {
    json changes;
    json parameters = llama3;
    if (newer) parameters["rope_theta"] = 123456.0;
    changes[newer ? "rope_parameters" : "rope_scaling"] = parameters;
    const ModelConfig config = parsed(small_json("llama"), changes);
    CHECK(config.rope.kind == RopeKind::llama3);
    CHECK((config.rope.factor == 8 && config.rope.original_positions == 64));
    CHECK(config.rope_theta == (newer ? 123456 : 50000));
    CHECK(config.max_positions == 256);
  }
  const ModelConfig linear =
      parsed(small_json("llama"), {{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}});
  CHECK((linear.rope.kind == RopeKind::linear && linear.max_positions == 512));
  const ModelConfig dynamic =
      parsed(small_json("llama"), {{"rope_scaling", {{"type", "dynamic"}, {"factor", 4.0}}}});
  CHECK((dynamic.rope.kind == RopeKind::dynamic && dynamic.max_positions == 1024));
  CHECK(dynamic.rope.original_positions == 256);
  for (const char* type : {"linear", "dynamic", "yarn"})
    CHECK(test::contains(refusal("llama", {{"rope_scaling", {{"type", type}, {"factor", 1e99}}}}),
                         "not stretch the context beyond 268435456 positions"));
  const ModelConfig plain =
      parsed(small_json("qwen2"), {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 7.5}}}});
  CHECK((plain.rope == RopeScaling{} && plain.rope_theta == 7.5));
}

TEST_CASE("the attention factor of yarn is given, or follows from the factor or from two scales") {
  const auto factor = [](const json& extra) {
    json rope = {{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 128}};
    rope.update(extra);
    return parsed(small_json("qwen2"), {{"rope_scaling", rope}}).rope.attention_factor;
  };
  CHECK(factor(json::object()) == Approx(0.1 * std::log(4.0) + 1));
  CHECK(factor({{"attention_factor", 1.5}}) == 1.5);
  CHECK(factor({{"mscale", 1.0}, {"mscale_all_dim", 0.5}}) ==
        Approx((0.1 * std::log(4.0) + 1) / (0.05 * std::log(4.0) + 1)));
  const ModelConfig config = parsed(
      small_json("qwen2"),
      {{"rope_scaling",
        {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 128}, {"beta_fast", 16}}}});
  CHECK((config.max_positions == 512 && config.rope.beta_fast == 16 && config.rope.beta_slow == 1));
}

TEST_CASE("what would change the forward pass is refused by name") {
  const auto check = [](const std::string& type, const json& changes, const std::string& text) {
    INFO(text);
    CHECK(test::contains(refusal(type, changes), text));
  };
  check("mixtral", json::object(),
        "model_type 'mixtral' is not supported (llama, mistral, qwen2 and qwen3 are)");
  check("llama", {{"model_type", nullptr}}, "model_type is missing");
  check("qwen2", {{"architectures", {"Qwen2ForSequenceClassification"}}}, "Qwen2ForSequenceClassification");
  check("llama", {{"quantization_config", {{"bits", 4}}}}, "quantization_config");
  check("llama", {{"hidden_act", "gelu"}}, "hidden_act 'gelu' is not supported (silu is)");
  check("llama", {{"num_local_experts", 8}}, "mixtures of experts");
  check("llama", {{"partial_rotary_factor", 0.5}}, "partial_rotary_factor 0.5");
  check("qwen2", {{"attention_bias", true}}, "attention_bias is not supported for model_type qwen2");
  check("qwen3", {{"mlp_bias", true}}, "mlp_bias is not supported for model_type qwen3");
  check("llama", {{"rope_scaling", {{"rope_type", "longrope"}, {"factor", 2}}}},
        "'longrope' is not supported");
  check("llama", {{"rope_scaling", {{"type", "linear"}}}}, "rope_scaling.factor is missing");
  check("llama", {{"rope_scaling", {{"type", "linear"}, {"factor", "2"}}}},
        "rope_scaling.factor is a string");
  check("llama", {{"rope_scaling", {{"type", "default"}, {"mrope_section", {1, 2}}}}}, "mrope_section");
  check("qwen3", {{"rope_parameters", {{"full_attention", {{"rope_type", "default"}}}}}},
        "differs by layer type");
  check("qwen3", {{"layer_types", {"full_attention", "linear_attention", "full_attention"}}},
        "layer_types has \"linear_attention\"");
  check("llama", {{"layer_types", {"full_attention", "sliding_attention", "full_attention"}}},
        "layer_types has sliding_attention");
  check("llama", {{"hidden_size", 1e30}}, "hidden_size is 1e+30; it must be a whole number");
  check("llama", {{"hidden_size", -32}}, "hidden_size is -32");
  check("llama", {{"num_hidden_layers", 100000}}, "at most 10000");
  check("llama", {{"vocab_size", 2.5}}, "vocab_size is 2.5");
  check("llama", {{"vocab_size", json::array()}}, "vocab_size is a list, not a number");
  check("llama", {{"num_key_value_heads", 3}}, "kv_heads 3 does not divide heads 4");
  CHECK(refusal("llama", {{"attention_dropout", 0.1}, {"pretraining_tp", 2}}) == "no error");
}

TEST_CASE("random damage to a config.json is an error or another model, never another exception") {
  json config = small_json("qwen2");
  config["rope_scaling"] = {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 64}};
  config["layer_types"] = {"full_attention", "full_attention", "full_attention"};
  config["architectures"] = json::array({"Qwen2ForCausalLM"});
  const std::string whole = config.dump();
  const std::string pieces[] = {"null", "true", "-1", "1e99", "[]", "{}", "\"x\"", "0", ",", "}", "\x80"};
  CounterRandom random(9, RandomStream::controls);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = whole;
    if (random.below(2) == 0)
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    else if (const std::size_t at = damaged.find(':', random.below(damaged.size())); at != std::string::npos)
      damaged.replace(at + 1, damaged.find_first_of(",}", at) - at - 1,
                      pieces[random.below(std::size(pieces))]);
    if (test::error_text([&] { parse_hf_config(damaged).check(); }) != "no error") ++refused;
  }
  CHECK(refused > 1000);
}

TEST_CASE("an error of a config.json names the file") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "config.json", R"({"model_type": "llama", "model_type": "qwen2"})");
  const std::string error = test::error_text([&] { read_hf_config(folder / "config.json"); });
  CHECK(test::contains(error, "config.json: the key \"model_type\" stands twice in one object"));
}

TEST_CASE("a config is written back with its type, its spelling and the fields that are not ours") {
  json config = small_json("qwen2");
  config["eos_token_id"] = {3, 4};
  config["use_sliding_window"] = true, config["sliding_window"] = 9, config["max_window_layers"] = 2;
  config["rope_scaling"] = {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 64}};
  config["dtype"] = "float16";
  ModelConfig read = parse_hf_config(config.dump());
  read.vocab_size = 80;
  json written;
  const ModelConfig again = round_trip(read, &written);
  CHECK(again.vocab_size == 80);
  CHECK(again.rope == read.rope);
  CHECK(again.windows == read.windows);
  config["vocab_size"] = 80, config["dtype"] = "bfloat16";
  config["architectures"] = json::array({"Qwen2ForCausalLM"}), config["tie_word_embeddings"] = false;
  CHECK(written == config);
}

TEST_CASE("a model from scratch is written as the type that describes it") {
  ModelConfig config;
  config.vocab_size = 50;
  config.dim = 32, config.heads = 4, config.kv_heads = 2, config.layers = 3;
  const auto type = [](const ModelConfig& c) { return round_trip(c).model_type; };
  CHECK(type(config) == "llama");
  ModelConfig biased = config, qwen2 = config, qwen3 = config, mistral = config, mixed = config;
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  CHECK(type(biased) == "llama");
  qwen2.qkv_bias = true, qwen2.windows = {0, 5, 0};
  CHECK(type(qwen2) == "qwen2");
  CHECK(round_trip(qwen2).windows == qwen2.windows);
  qwen3.qk_norm = true;
  CHECK(type(qwen3) == "qwen3");
  mistral.windows = {4, 4, 4};
  CHECK(type(mistral) == "mistral");
  mixed.windows = {4, 0, 4};
  REQUIRE_THROWS_AS(type(mixed), Error);
  qwen3.qkv_bias = true;
  CHECK(test::contains(test::error_text([&] { type(qwen3); }),
                       "this model has no Hugging Face form: its biases cannot be written in config.json"));
  for (const RopeKind kind : {RopeKind::linear, RopeKind::dynamic, RopeKind::yarn, RopeKind::llama3}) {
    ModelConfig scaled = config;
    scaled.rope.kind = kind;
    scaled.rope.factor = 4;
    if (kind != RopeKind::linear) scaled.rope.original_positions = 128;
    if (kind == RopeKind::yarn) scaled.rope.attention_factor = 1.2;
    const ModelConfig again = round_trip(scaled);
    CHECK(again.rope == scaled.rope);
    CHECK(again.max_positions == 512);
  }
}

}  // namespace pagewright
