#include "core/model/hf_checkpoint.hpp"

#include <fstream>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/model/hf_config.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright::model_test {
namespace {

namespace fs = std::filesystem;

/// A backbone with LM head, as config.json describes one.
ModelConfig hf_model(bool tied = false) {
  ModelConfig c = small_config();
  c.value_head = false;
  c.layout_head = LayoutHeadKind::tokens;
  c.layout_begin = c.vocab_size;
  c.structure_size = 0;
  c.tied = tied;
  return c;
}

/// Writes a random checkpoint in files of about a quarter of the model and returns its weights.
WeightsView write_random(const fs::path& folder, const ModelConfig& config,
                         std::int64_t largest_file = 12'000, at::ScalarType dtype = at::kFloat) {
  const WeightsView weights = random_weights(config, at::kFloat, 5, false);
  write_hf_checkpoint(folder, weights, {{dtype, largest_file}, R"({"eos_token_id": [1, 2]})"});
  return weights;
}

std::string error_in(const fs::path& folder) {
  return test::error_text([&] { HfCheckpoint checkpoint(folder); });
}

nlohmann::json read_json(const fs::path& path) {
  return nlohmann::json::parse(read_file(path));
}

void write_json(const fs::path& path, const nlohmann::json& json) {
  write_file_atomically(path, json.dump());
}

constexpr const char* kIndex = "model.safetensors.index.json";

}  // namespace

TEST_CASE("a checkpoint in one file or in several reads back as it was written") {
  for (const std::int64_t largest : {12'000, 5'000'000}) {
    const test::TemporaryFolder folder;
    const WeightsView weights = write_random(folder.path(), hf_model(), largest);
    CHECK(fs::exists(folder / kIndex) == (largest == 12'000));
    const HfCheckpoint checkpoint(folder.path());
    CHECK(checkpoint.config().dim == 24);
    CHECK(checkpoint.generation_config() == R"({"eos_token_id": [1, 2]})");
    for (const ParameterSpec& spec : parameter_specs(checkpoint.config())) {
      REQUIRE(checkpoint.has(spec.name));
      at::Tensor values = at::zeros(spec.shape);
      CHECK(checkpoint.read(spec.name, values) == spec.shape[0]);
      CHECK(at::equal(values, weights.at(spec.name)));
    }
    CHECK_FALSE(checkpoint.has("value_head.weight"));
  }
}

TEST_CASE("files of a checkpoint hold no more than asked, but for a tensor that is larger alone") {
  const test::TemporaryFolder folder;
  write_random(folder.path(), hf_model(), 3'000);
  const nlohmann::json map = read_json(folder / kIndex).at("weight_map");
  std::map<std::string, std::int64_t> bytes, tensors;
  for (const auto& [name, file] : map.items()) {
    const SafetensorsFile shard(folder / file.get<std::string>());
    bytes[file] += shard.at(name).numel() * 4;
    ++tensors[file];
  }
  CHECK(bytes.size() > 3);
  std::int64_t total = 0;
  for (const auto& [file, size] : bytes) {
    CHECK((size <= 3'000 || tensors[file] == 1));
    total += size;
  }
  CHECK(read_json(folder / kIndex).at("metadata").at("total_size") == total);
  CHECK(test::contains(test::error_text([&] {
                         write_weight_files(folder.path(), {{"model.norm.weight", at::ones({2})}}, {});
                       }),
                       "exists already"));
}

TEST_CASE("the vocabulary may be larger or smaller than the checkpoint's") {
  const test::TemporaryFolder folder;
  const WeightsView weights = write_random(folder.path(), hf_model());
  const HfCheckpoint checkpoint(folder.path());
  for (const char* name : {"model.embed_tokens.weight", "lm_head.weight"}) {
    at::Tensor larger = at::full({50, 24}, 7.0), smaller = at::zeros({30, 24});
    CHECK(checkpoint.read(name, larger) == 37);
    CHECK(at::equal(larger.slice(0, 0, 37), weights.at(name)));
    CHECK(at::equal(larger.slice(0, 37), at::full({13, 24}, 7.0)));
    CHECK(checkpoint.read(name, smaller) == 30);
    CHECK(at::equal(smaller, weights.at(name).slice(0, 0, 30)));
    // Slices of the larger matrix: within the file's rows, over their end, behind them.
    at::Tensor slice = at::full({40}, 7.0);
    CHECK(checkpoint.read_slice(name, {50, 24}, 100, slice) == 40);
    CHECK(at::equal(slice, weights.at(name).reshape({-1}).slice(0, 100, 140)));
    slice.fill_(7.0);
    CHECK(checkpoint.read_slice(name, {50, 24}, 37 * 24 - 10, slice) == 10);
    CHECK(at::equal(slice.slice(0, 0, 10), weights.at(name).reshape({-1}).slice(0, 37 * 24 - 10)));
    CHECK(at::equal(slice.slice(0, 10), at::full({30}, 7.0)));
    CHECK(checkpoint.read_slice(name, {50, 24}, 37 * 24, slice) == 0);
  }
  at::Tensor wide = at::zeros({37, 25});
  REQUIRE_THROWS_AS(checkpoint.read("lm_head.weight", wide), Error);
  at::Tensor norm = at::zeros({25});
  REQUIRE_THROWS_AS(checkpoint.read("model.norm.weight", norm), Error);
}

TEST_CASE("the LM head of a tied checkpoint is its embedding, whether it is in the file or not") {
  const test::TemporaryFolder folder;
  const WeightsView weights = write_random(folder.path(), hf_model(true), 5'000'000);
  const auto check = [&] {
    const HfCheckpoint checkpoint(folder.path());
    CHECK(checkpoint.config().tied);
    at::Tensor head = at::zeros({37, 24});
    CHECK(checkpoint.read("lm_head.weight", head) == 37);
    CHECK(at::equal(head, weights.at("model.embed_tokens.weight")));
  };
  check();
  NamedTensors more = weights.tensors();
  more["lm_head.weight"] = at::zeros({37, 24});
  more["model.layers.0.self_attn.rotary_emb.inv_freq"] = at::ones({3});
  write_safetensors(folder / "model.safetensors", more);
  check();
}

TEST_CASE("tensors that do not fit are all named") {
  const test::TemporaryFolder folder;
  const WeightsView weights = write_random(folder.path(), hf_model(), 5'000'000);
  NamedTensors tensors = weights.tensors();
  tensors.erase("model.layers.1.mlp.up_proj.weight");
  tensors["model.norm.weight"] = at::ones({23});
  tensors["model.layers.0.mlp.experts.weight"] = at::ones({2});
  write_safetensors(folder / "model.safetensors", tensors);
  const std::string error = error_in(folder.path());
  CHECK(test::contains(error, folder.path().string() + ": the weights do not fit config.json:"));
  CHECK(test::contains(error, "\n  model.layers.1.mlp.up_proj.weight is missing"));
  CHECK(test::contains(error, "\n  model.norm.weight in model.safetensors has shape [23], not [24]"));
  CHECK(
      test::contains(error, "\n  model.layers.0.mlp.experts.weight in model.safetensors is not a parameter"));
}

TEST_CASE("a folder that is no checkpoint is refused with what it lacks") {
  const test::TemporaryFolder folder;
  CHECK(test::contains(error_in(folder / "none"), "there is no folder"));
  CHECK(test::contains(error_in(folder.path()), "has no config.json"));
  write_random(folder.path(), hf_model(), 5'000'000);
  fs::rename(folder / "model.safetensors", folder / "other.safetensors");
  CHECK(test::contains(error_in(folder.path()), "neither model.safetensors nor"));
  std::ofstream(folder / "pytorch_model.bin") << "pickle";
  CHECK(test::contains(error_in(folder.path()), "pickled"));
  fs::rename(folder / "other.safetensors", folder / "model.safetensors");
  CHECK(error_in(folder.path()) == "no error");
  fs::resize_file(folder / "model.safetensors", fs::file_size(folder / "model.safetensors") - 1);
  CHECK(test::contains(error_in(folder.path()), "model.safetensors: tensor "));
  CHECK(test::contains(error_in(folder.path()), "cut short"));
  write_file_atomically(folder / "generation_config.json", "[1]");
  CHECK(test::contains(error_in(folder.path()), "generation_config.json: it is no JSON object"));
}

TEST_CASE("an index that disagrees with its files is refused with the tensor's name") {
  const test::TemporaryFolder folder;
  write_random(folder.path(), hf_model());
  const nlohmann::json index = read_json(folder / kIndex);
  const std::string norm = "model.norm.weight", in = index.at("weight_map").at(norm);
  const std::string first = index.at("weight_map").at("lm_head.weight");
  REQUIRE(in != first);
  const auto error_of_map = [&](const std::function<void(nlohmann::json&)>& change) {
    nlohmann::json changed = index;
    change(changed.at("weight_map"));
    write_json(folder / kIndex, changed);
    return error_in(folder.path());
  };
  CHECK(error_of_map([](auto&) {}) == "no error");
  CHECK(test::contains(error_of_map([&](auto& map) { map[norm] = first; }),
                       "has tensor model.norm.weight, which"));
  CHECK(test::contains(error_of_map([&](auto& map) { map.erase(norm); }), "does not know"));
  CHECK(test::contains(error_of_map([&](auto& map) { map["model.more.weight"] = first; }),
                       "says that tensor model.more.weight is in " + first + ", which does not have it"));
  CHECK(test::contains(error_of_map([&](auto& map) { map[norm] = "../" + in; }),
                       "which is no safetensors file of this folder"));
  CHECK(test::contains(error_of_map([&](auto& map) { map[norm] = 3; }), "which is no file name"));
  CHECK(test::contains(error_of_map([&](auto& map) { map = nlohmann::json::object(); }), "is empty"));
  write_json(folder / kIndex, index);
  fs::remove(folder / first);
  CHECK(test::contains(error_in(folder.path()), first + " is missing"));
  // The tensors of one file in another, too.
  fs::copy_file(folder / in, folder / first);
  CHECK(test::contains(error_in(folder.path()), " is in "));
}

TEST_CASE("weights that are no numbers are loaded with a warning that names the tensor") {
  const test::TemporaryFolder folder;
  const WeightsView weights = random_weights(hf_model(), at::kFloat, 5, false);
  weights.at("model.layers.1.mlp.up_proj.weight")[2][3] = std::numeric_limits<float>::quiet_NaN();
  weights.at("model.layers.1.mlp.up_proj.weight")[2][4] = std::numeric_limits<float>::infinity();
  write_hf_checkpoint(folder.path(), weights, {});
  init_logging({.file = folder / "log"});
  const HfCheckpoint checkpoint(folder.path());
  for (const ParameterSpec& spec : parameter_specs(checkpoint.config())) {
    at::Tensor values = at::zeros(spec.shape);
    checkpoint.read(spec.name, values);
  }
  init_logging({});
  const std::string log = read_file(folder / "log");
  CHECK(test::contains(log, "2 values of tensor model.layers.1.mlp.up_proj.weight are NaN or infinite"));
  CHECK_FALSE(test::contains(log, "down_proj"));
}

}  // namespace pagewright::model_test
