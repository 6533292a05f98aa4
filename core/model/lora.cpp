#include "core/model/lora.hpp"

#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mul.h>

#include "core/base/error.hpp"
#include "core/model/real_dispatch.hpp"
#include "core/model/row_linear.hpp"

namespace pagewright {
namespace {

constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kLmHead = "lm_head.weight";
constexpr const char* kLayoutEmbedding = "layout_embedding.weight";
constexpr const char* kLayoutHead = "layout_head.weight";
constexpr std::string_view kMatrix = ".weight";

at::Tensor widened(const at::Tensor& tensor) {
  return tensor.detach().to(activation_type(tensor));
}

/// W + scale B A.
at::Tensor merged_matrix(const WeightsView& weights, const std::string& module) {
  const at::Tensor base = widened(weights.at(module + ".weight"));
  const LoraConfig& lora = weights.config().lora;
  if (!lora.adapts(module)) return base;
  const at::Tensor a = widened(weights.at(module + ".lora_A.weight")),
                   b = widened(weights.at(module + ".lora_B.weight"));
  return at::add(base, at::mul(row_linear(b, a.t().contiguous()), lora.scale()));
}

}  // namespace

WeightsView::Tensors on_frozen_backbone(const WeightsView::Tensors& whole, const ModelConfig& config) {
  require(config.frozen_backbone, "this model has no frozen backbone");
  WeightsView::Tensors tensors = whole;
  const auto part = [&](const char* name, const char* layout_name) {
    const auto found = tensors.find(name);
    require(found != tensors.end() && found->second.dim() == 2 && found->second.size(0) == config.vocab_size,
            "the weights do not fit the model: {} should have {} rows", name, config.vocab_size);
    const at::Tensor all = found->second;
    tensors[layout_name] = all.narrow(0, config.layout_begin, config.layout_size());
    found->second = all.narrow(0, 0, config.layout_begin);
  };
  part(kEmbedding, kLayoutEmbedding);
  if (config.lm_head && !config.tied) part(kLmHead, kLayoutHead);
  return tensors;
}

WeightsView merged_weights(const WeightsView& weights) {
  const ModelConfig& config = weights.config();
  if (!config.frozen_backbone) return weights;
  const at::NoGradGuard no_grad;
  const auto shape = std::make_shared<const ModelConfig>(config.whole());
  auto whole = std::make_shared<WeightsView::Tensors>();
  // What it has beyond its own parameters, the LM head of a backbone shared with a critic, stays away.
  for (const ParameterSpec& spec : parameter_specs(*shape)) {
    const std::string& name = spec.name;
    if (name == kEmbedding)
      whole->emplace(name, at::cat({widened(weights.at(name)), widened(weights.at(kLayoutEmbedding))}, 0));
    else if (name == kLmHead)
      whole->emplace(name, at::cat({widened(weights.at(name)), widened(weights.at(kLayoutHead))}, 0));
    else if (name.ends_with(kMatrix))
      whole->emplace(name, merged_matrix(weights, name.substr(0, name.size() - kMatrix.size())));
    else
      whole->emplace(name, widened(weights.at(name)));
  }
  return {shape, std::move(whole), weights.version()};
}

}  // namespace pagewright
