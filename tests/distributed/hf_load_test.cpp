// Loading a checkpoint into flat parameters: memory, and shards.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "core/model/hf_checkpoint.hpp"
#include "distributed/flat_parameters.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// 21 million parameters.
ModelConfig loaded_config() {
  ModelConfig c;
  c.vocab_size = 30'000;
  c.dim = 320;
  c.layers = 2;
  c.heads = 4, c.kv_heads = 2;
  c.ffn_dim = 400;
  c.qkv_bias = true;
  c.layout_head = LayoutHeadKind::tokens;
  c.layout_begin = c.vocab_size;
  return c;
}

void write_loaded(const std::filesystem::path& folder, const ModelConfig& config) {
  FlatParameters parameters(config);
  parameters.initialise(3);
  write_hf_checkpoint(folder, parameters.view(), {{at::kBFloat16, 25'000'000}, {}});
}

void fill_from(const HfCheckpoint& checkpoint, FlatParameters& parameters) {
  parameters.fill([&](const ParameterSpec& spec, const at::Tensor& values) {
    if (checkpoint.has(spec.name)) checkpoint.read(spec.name, values);
  });
}

std::int64_t anonymous_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("RssAnon:")) return std::stoll(line.substr(8)) * 1024;
  return 0;
}

}  // namespace

TEST_CASE("loading takes the model's memory and at most a tenth more") {
  const test::TemporaryFolder folder;
  write_loaded(folder.path(), loaded_config());
  std::atomic<bool> done = false;
  std::atomic<std::int64_t> most = 0;
  const std::int64_t before = anonymous_bytes();
  REQUIRE(before > 0);
  std::thread watcher([&] {
    while (!done) {
      most = std::max(most.load(), anonymous_bytes());
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  const HfCheckpoint checkpoint(folder.path());
  FlatParameters parameters(checkpoint.config());
  fill_from(checkpoint, parameters);
  done = true;
  watcher.join();
  const auto size = static_cast<std::int64_t>(parameters.values().nbytes());
  const std::int64_t taken = std::max(most.load(), anonymous_bytes()) - before;
  INFO(taken << " bytes for a model of " << size);
  CHECK(size > 80'000'000);
  CHECK(taken > size / 2);  // it was looked at
  CHECK(taken <= size / 10 * 11);
}

TEST_CASE("shards filled from a checkpoint's slices are the whole") {
  const test::TemporaryFolder folder;
  const ModelConfig stored = loaded_config();
  write_loaded(folder.path(), stored);
  const HfCheckpoint checkpoint(folder.path());
  ModelConfig config = stored;
  config.vocab_size += 50;  // layout tokens, which the checkpoint does not have
  config.value_head = true;
  FlatParameters whole(config);
  fill_from(checkpoint, whole);
  for (const std::int64_t shards : {1, 3}) {
    at::Tensor together = at::zeros({whole.numel()});
    for (std::int64_t shard = 0; shard < shards; ++shard) {
      const std::int64_t begin = whole.numel() * shard / shards, end = whole.numel() * (shard + 1) / shards;
      at::Tensor values = together.narrow(0, begin, end - begin);
      for (const FlatPart& part : whole.parts(begin, end))
        if (checkpoint.has(part.slot->spec.name))
          checkpoint.read_slice(part.slot->spec.name, part.slot->spec.shape, part.first,
                                values.narrow(0, part.offset, part.numel));
    }
    CHECK(at::equal(together, whole.values()));
  }
  CHECK(whole.values().abs().max().item<float>() > 0);
}

}  // namespace pagewright
