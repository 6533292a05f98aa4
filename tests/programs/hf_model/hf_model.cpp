// hf_model JOBS.json: runs Hugging Face checkpoints for tests/python/hf_test.py. JOBS.json is a list of
// objects; one JSON object a job goes to standard output.
//   folder      the checkpoint
//   dtype       "float32" (default) or "float64", to compute in
//   sgd         {"rate": r, "steps": n}: first takes steps of plain gradient descent on the mean negative
//   log-likelihood
//               of each sequence's next tokens
//   sequences   lists of token ids, run as one batch
//   logits      file for their logits, [positions, vocabulary] of the dtype, sequence after sequence
//   greedy      {"prompt": ids, "tokens": n}: decodes with a cache; the answer has "greedy"
//   export      {"folder": f, "dtype": "float32", "largest_file": bytes}: writes the weights to a new folder
// The answer has "load_seconds", "anonymous_peak" (bytes of anonymous memory at most while loading, above
// those before), "model_bytes", "decode_seconds" of the greedy tokens, and "peak" (bytes, of the process).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/hf_checkpoint.hpp"
#include "core/model/kv_cache.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

/// Bytes that a line of /proc/self/status names.
std::int64_t status_bytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1)) * 1024;
  fail("/proc/self/status has no {}", key);
}

/// The most anonymous memory while it lives, above that at its start, looked at every half millisecond.
class AnonymousPeak {
 public:
  AnonymousPeak() : before_(status_bytes("RssAnon")), watcher_([this] { watch(); }) {}
  ~AnonymousPeak() { stop(); }
  std::int64_t stop() {
    done_ = true;
    if (watcher_.joinable()) watcher_.join();
    return most_ - before_;
  }

 private:
  void watch() {
    while (!done_) {
      most_ = std::max(most_, status_bytes("RssAnon"));
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    most_ = std::max(most_, status_bytes("RssAnon"));
  }

  std::int64_t before_ = 0, most_ = 0;
  std::atomic<bool> done_ = false;
  std::thread watcher_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TokenBags bags_of(const Ids& ids) {
  TokenBags bags;
  for (const TokenId id : ids) bags.push(id);
  return bags;
}

Batch batch_of(const std::vector<Ids>& sequences) {
  Batch batch;
  for (const Ids& ids : sequences) batch.segments.push_back({bags_of(ids), 0, -1});
  return batch;
}

FlatParameters load(const HfCheckpoint& checkpoint, at::ScalarType dtype, json& answer) {
  const auto start = std::chrono::steady_clock::now();
  AnonymousPeak peak;
  FlatParameters parameters(checkpoint.config(), dtype);
  parameters.fill(
      [&](const ParameterSpec& spec, const at::Tensor& values) { checkpoint.read(spec.name, values); });
  answer["anonymous_peak"] = peak.stop();
  answer["model_bytes"] = parameters.values().nbytes();
  answer["load_seconds"] = seconds_since(start);
  return parameters;
}

/// Mean over all rows but the last of each sequence.
at::Tensor next_token_loss(const WeightsView& weights, const std::vector<Ids>& sequences) {
  std::vector<std::int64_t> rows, targets;
  std::int64_t begin = 0;
  for (const Ids& ids : sequences) {
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      rows.push_back(begin + static_cast<std::int64_t>(i));
      targets.push_back(ids[i + 1]);
    }
    begin += static_cast<std::int64_t>(ids.size());
  }
  const at::Tensor hidden = gather_rows(hidden_states(weights, batch_of(sequences)), rows);
  const at::Tensor log_probs = at::log_softmax(lm_logits(weights, hidden), -1);
  return -log_probs.gather(1, at::tensor(targets).unsqueeze(1))
              .mean();  // a tensor of one test: not a lane's sum
}

void descend(FlatParameters& parameters, const std::vector<Ids>& sequences, double rate, int steps) {
  for (int step = 0; step < steps; ++step) {
    auto leaves = std::make_shared<WeightsView::Tensors>();
    std::vector<at::Tensor> values;
    const WeightsView view = parameters.view();
    for (const auto& [name, tensor] : view.tensors()) {
      values.push_back(tensor.detach().requires_grad_(true));
      leaves->emplace(name, values.back());
    }
    const WeightsView weights(parameters.shared_config(), leaves, 0);
    const auto grads = torch::autograd::grad({next_token_loss(weights, sequences)}, values);
    for (std::size_t i = 0; i < grads.size(); ++i) values[i].detach().sub_(grads[i], rate);
  }
}

void write_logits(const WeightsView& weights, const std::vector<Ids>& sequences, const std::string& path) {
  const at::Tensor logits = lm_logits(weights, hidden_states(weights, batch_of(sequences))).contiguous();
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char*>(logits.const_data_ptr()),
             static_cast<std::streamsize>(logits.nbytes()));
  require(file.good(), "cannot write {}", path);
}

template <class T>
Ids decode_greedily(const WeightsView& weights, const Ids& prompt, int tokens) {
  const TokenBags bags = bags_of(prompt);
  const std::vector<const TokenBags*> prompts{&bags};
  const std::vector<std::int32_t> stream{0};
  DecodeSession<T> session(weights, prompts, stream, tokens);
  at::Tensor hidden = session.prompt_hidden().slice(0, session.prompt_row(0, bags.size() - 1)).clone();
  Ids ids;
  while (std::ssize(ids) < tokens) {
    ids.push_back(static_cast<TokenId>(at::argmax(lm_logits(weights, hidden), -1).item<std::int64_t>()));
    session.step(stream, bags_of({ids.back()}), hidden.mutable_data_ptr<T>());
  }
  return ids;
}

void write_export(const json& job, const HfCheckpoint& checkpoint, const WeightsView& weights) {
  const std::string dtype = job.value("dtype", "float32");
  HfWriteOptions options;
  options.weights.dtype = dtype == "float32" ? at::kFloat : dtype == "float16" ? at::kHalf : at::kBFloat16;
  options.weights.largest_file = job.value("largest_file", options.weights.largest_file);
  options.generation_config = checkpoint.generation_config();
  make_folders(job.at("folder").get<std::string>());
  write_hf_checkpoint(job.at("folder").get<std::string>(), weights, options);
}

json run_job(const json& job) {
  const at::NoGradGuard no_grad;
  json answer = json::object();
  const HfCheckpoint checkpoint(job.at("folder").get<std::string>());
  const bool twice = job.value("dtype", "float32") == "float64";
  FlatParameters parameters = load(checkpoint, twice ? at::kDouble : at::kFloat, answer);
  const auto sequences = job.value("sequences", std::vector<Ids>{});
  if (job.contains("sgd")) {
    const at::AutoGradMode with_gradients(true);
    descend(parameters, sequences, job["sgd"].at("rate"), job["sgd"].at("steps"));
  }
  const WeightsView weights = parameters.view();
  if (job.contains("logits")) write_logits(weights, sequences, job["logits"]);
  if (job.contains("greedy")) {
    const auto prompt = job["greedy"].at("prompt").get<Ids>();
    const int tokens = job["greedy"].at("tokens");
    const auto start = std::chrono::steady_clock::now();
    answer["greedy"] = twice ? decode_greedily<double>(weights, prompt, tokens)
                             : decode_greedily<float>(weights, prompt, tokens);
    answer["decode_seconds"] = seconds_since(start);
  }
  if (job.contains("export")) write_export(job["export"], checkpoint, weights);
  answer["peak"] = status_bytes("VmHWM");
  return answer;
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  try {
    pagewright::require(argc == 2, "usage: hf_model JOBS.json");
    pagewright::use_one_numeric_thread();
    for (const auto& job : nlohmann::json::parse(pagewright::read_file(argv[1])))
      std::cout << pagewright::run_job(job) << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "hf_model: " << error.what() << '\n';
    return 1;
  }
}
