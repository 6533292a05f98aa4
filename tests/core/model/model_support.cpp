#include "tests/core/model/model_support.hpp"

#include <cmath>
#include <cstring>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/numerics/numeric_threads.hpp"

namespace pagewright::model_test {

ModelConfig small_config() {
  ModelConfig c;
  c.vocab_size = 37;
  c.dim = 24;
  c.layers = 2;
  c.heads = 4;
  c.kv_heads = 4;
  c.ffn_dim = 20;
  c.max_positions = 64;
  c.layout_begin = 20;
  c.structure_size = 5;
  c.value_head = true;
  return c;
}

at::Tensor normal_tensor(at::IntArrayRef shape, at::ScalarType dtype, CounterRandom& random) {
  at::Tensor t = at::empty(shape, at::TensorOptions().dtype(at::kDouble));
  double* p = t.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < t.numel(); ++i) p[i] = random.normal();
  return t.to(dtype);
}

WeightsView random_weights(const ModelConfig& config, at::ScalarType dtype, std::uint64_t seed,
                           bool requires_grad, double stddev) {
  use_one_numeric_thread();  // small operators spend more time on waking threads than on work
  CounterRandom random(seed, RandomStream::init);
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const ParameterSpec& spec : parameter_specs(config)) {
    at::Tensor t = normal_tensor(spec.shape, at::kDouble, random) * stddev;
    if (spec.init == InitKind::ones) t = t + 1.0;
    (*tensors)[spec.name] = t.to(dtype).contiguous().set_requires_grad(requires_grad);
  }
  return WeightsView(std::make_shared<ModelConfig>(config), tensors, 0);
}

TokenBags random_bags(int positions, TokenId vocab, CounterRandom& random) {
  TokenBags bags;
  for (int i = 0; i < positions; ++i) {
    std::vector<TokenId> bag(1 + random.below(3));
    for (TokenId& id : bag) id = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(vocab)));
    bags.push(bag);
  }
  return bags;
}

Batch shared_batch(TokenId vocab, std::uint64_t seed) {
  CounterRandom random(seed, RandomStream::request_draw);
  Batch batch;
  const int prompts[2] = {19, 16};
  const std::vector<int> responses[2] = {{5, 0, 17}, {1, 3}};
  for (int p = 0; p < 2; ++p) {
    const auto parent = static_cast<std::int32_t>(batch.segments.size());
    batch.segments.push_back({random_bags(prompts[p], vocab, random), 0, -1});
    for (const int size : responses[p])
      batch.segments.push_back({random_bags(size, vocab, random), prompts[p], parent});
  }
  return batch;
}

Batch unshared_batch(const Batch& shared, std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> begin;
  std::int64_t total = 0;
  for (const Segment& segment : shared.segments) {
    begin.push_back(total);
    total += segment.tokens.size();
  }
  rows.assign(static_cast<std::size_t>(total), -1);
  Batch batch;
  std::int64_t next = 0;
  for (std::size_t s = 0; s < shared.segments.size(); ++s) {
    const Segment& segment = shared.segments[s];
    if (segment.parent < 0) continue;
    const auto parent = static_cast<std::size_t>(segment.parent);
    TokenBags tokens = shared.segments[parent].tokens;
    for (int i = 0; i < tokens.size(); ++i) rows[static_cast<std::size_t>(begin[parent] + i)] = next + i;
    const std::int64_t prompt = tokens.size();
    for (int i = 0; i < segment.tokens.size(); ++i) {
      tokens.push(segment.tokens.at(i));
      rows[static_cast<std::size_t>(begin[s] + i)] = next + prompt + i;
    }
    next += tokens.size();
    batch.segments.push_back({tokens, 0, -1});
  }
  return batch;
}

namespace {

at::Tensor reference_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return x * at::rsqrt(at::mean(x * x, {-1}, true) + eps) * weight;
}

/// x [n, heads, size].
at::Tensor reference_rope(const at::Tensor& x, double theta) {
  const std::int64_t n = x.size(0), size = x.size(2);
  const at::Tensor i = at::arange(size / 2, x.options());
  const at::Tensor angle =
      at::outer(at::arange(n, x.options()), (i * (-2.0 * std::log(theta) / double(size))).exp());
  const at::Tensor c = at::cat({at::cos(angle), at::cos(angle)}, 1).unsqueeze(1);
  const at::Tensor s = at::cat({at::sin(angle), at::sin(angle)}, 1).unsqueeze(1);
  const at::Tensor turned = at::cat({-x.slice(2, size / 2, size), x.slice(2, 0, size / 2)}, 2);
  return x * c + turned * s;
}

at::Tensor reference_sequence(const WeightsView& w, const std::vector<std::vector<TokenId>>& bags) {
  const ModelConfig& c = w.config();
  std::vector<at::Tensor> inputs;
  for (const auto& bag : bags) {
    at::Tensor sum = w.at("model.embed_tokens.weight").select(0, bag[0]);
    for (std::size_t i = 1; i < bag.size(); ++i)
      sum = sum + w.at("model.embed_tokens.weight").select(0, bag[i]);
    inputs.push_back(sum);
  }
  at::Tensor x = at::stack(inputs);
  const std::int64_t n = x.size(0), size = c.head_size();
  const at::Tensor one = at::ones({n, n}, x.options());
  for (std::int64_t layer = 0; layer < c.layers; ++layer) {
    const std::string p = "model.layers." + std::to_string(layer) + ".";
    const auto linear = [&](const std::string& name, const at::Tensor& in) {
      at::Tensor out = at::matmul(in, w.at(p + name + ".weight").t());
      return w.tensors().contains(p + name + ".bias") ? out + w.at(p + name + ".bias") : out;
    };
    at::Tensor h = reference_norm(x, w.at(p + "input_layernorm.weight"), c.norm_eps);
    at::Tensor q = linear("self_attn.q_proj", h).view({n, c.heads, size});
    at::Tensor k = linear("self_attn.k_proj", h).view({n, c.kv_heads, size});
    at::Tensor v = linear("self_attn.v_proj", h).view({n, c.kv_heads, size});
    if (c.qk_norm) {
      q = reference_norm(q, w.at(p + "self_attn.q_norm.weight"), c.norm_eps);
      k = reference_norm(k, w.at(p + "self_attn.k_norm.weight"), c.norm_eps);
    }
    q = reference_rope(q, c.rope_theta).transpose(0, 1);
    k = reference_rope(k, c.rope_theta).transpose(0, 1).repeat_interleave(c.heads / c.kv_heads, 0);
    v = v.transpose(0, 1).repeat_interleave(c.heads / c.kv_heads, 0);
    at::Tensor hidden = at::triu(one, 1);
    if (c.window(layer) > 0) hidden = hidden + at::tril(one, -c.window(layer));
    const at::Tensor score = at::matmul(q, k.transpose(1, 2)) / std::sqrt(double(size)) + hidden * -1e30;
    const at::Tensor mixed =
        at::matmul(at::softmax(score, -1), v).transpose(0, 1).reshape({n, c.heads * size});
    x = x + linear("self_attn.o_proj", mixed);
    h = reference_norm(x, w.at(p + "post_attention_layernorm.weight"), c.norm_eps);
    const at::Tensor gate = linear("mlp.gate_proj", h);
    x = x + linear("mlp.down_proj", gate * at::sigmoid(gate) * linear("mlp.up_proj", h));
  }
  return reference_norm(x, w.at("model.norm.weight"), c.norm_eps);
}

}  // namespace

at::Tensor reference_hidden(const WeightsView& weights, const Batch& batch) {
  std::vector<at::Tensor> out;
  for (const Segment& segment : batch.segments) {
    if (segment.tokens.size() == 0) continue;
    std::vector<std::vector<TokenId>> bags;
    const auto append = [&bags](const TokenBags& tokens) {
      for (int i = 0; i < tokens.size(); ++i) bags.emplace_back(tokens.at(i).begin(), tokens.at(i).end());
    };
    if (segment.parent >= 0) append(batch.segments[static_cast<std::size_t>(segment.parent)].tokens);
    const auto skipped = static_cast<std::int64_t>(bags.size());
    append(segment.tokens);
    const at::Tensor all = reference_sequence(weights, bags);
    out.push_back(all.slice(0, skipped, all.size(0)));
  }
  return at::cat(out);
}

double max_difference(const at::Tensor& a, const at::Tensor& b) {
  if (!a.sizes().equals(b.sizes())) return INFINITY;
  return a.numel() == 0 ? 0.0 : at::max((a - b).abs()).item<double>();
}

bool same_bits(const at::Tensor& a_in, const at::Tensor& b_in) {
  const at::Tensor a = a_in.contiguous(), b = b_in.contiguous();
  return a.sizes().equals(b.sizes()) && a.scalar_type() == b.scalar_type() &&
         (a.nbytes() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0);
}

std::vector<at::Tensor> gradients(const WeightsView& weights, const at::Tensor& loss) {
  std::vector<at::Tensor> leaves;
  for (const auto& [name, tensor] : weights.tensors()) leaves.push_back(tensor);
  auto grads = torch::autograd::grad({loss}, leaves, {}, /*retain_graph=*/true, false, /*allow_unused=*/true);
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (!grads[i].defined()) grads[i] = at::zeros_like(leaves[i]);
  return grads;
}

}  // namespace pagewright::model_test
