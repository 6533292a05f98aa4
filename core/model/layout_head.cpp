#include "core/model/layout_head.hpp"

#include <algorithm>
#include <string>

#include <ATen/ops/cat.h>
#include <ATen/ops/reshape.h>

#include "core/base/error.hpp"
#include "core/model/allowed_softmax.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/pointer_scores.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/row_linear.hpp"

namespace pagewright {
namespace {

bool rows_apart(const WeightsView& weights) {
  return weights.config().frozen_backbone;
}

std::int64_t scored_columns(const ModelConfig& config, const TargetRows& targets) {
  std::int64_t columns = config.structure_size;
  for (std::size_t p = 0; p + 1 < targets.candidate_offsets.size(); ++p)
    columns = std::max<std::int64_t>(
        columns, config.structure_size + targets.candidate_offsets[p + 1] - targets.candidate_offsets[p]);
  for (const std::int32_t index : targets.allowed) columns = std::max<std::int64_t>(columns, index + 1);
  return columns;
}

/// The matrix whose rows from `first` on are those of the layout tokens.
struct LayoutMatrix {
  const at::Tensor& weight;
  std::int64_t first;
};

LayoutMatrix layout_matrix(const WeightsView& weights, std::int64_t columns) {
  const ModelConfig& config = weights.config();
  require(columns <= config.layout_size(), "layout head: {} layout tokens are scored, the model has {}",
          columns, config.layout_size());
  const at::Tensor& all = lm_weight(weights);
  if (!rows_apart(weights)) return {all, config.layout_begin};
  return {weights.at(config.tied ? "layout_embedding.weight" : "layout_head.weight"), 0};
}

}  // namespace

const at::Tensor& lm_weight(const WeightsView& weights) {
  require(weights.config().lm_head,
          "this model has no LM head (lm_head is false): it scores pages, it composes none");
  return weights.at(weights.config().tied ? "model.embed_tokens.weight" : "lm_head.weight");
}

at::Tensor layout_rows(const WeightsView& weights, std::int64_t columns) {
  const LayoutMatrix matrix = layout_matrix(weights, columns);
  return matrix.weight.narrow(0, matrix.first, columns);
}

at::Tensor layout_logits(const WeightsView& weights, const at::Tensor& hidden, const TargetRows& targets) {
  return layout_logits(weights, hidden, targets, scored_columns(weights.config(), targets));
}

at::Tensor layout_logits(const WeightsView& weights, const at::Tensor& hidden, const TargetRows& targets,
                         std::int64_t columns) {
  const ModelConfig& config = weights.config();
  const at::Tensor rows = at_least_float(gather_rows(hidden, targets.row));
  const LayoutMatrix matrix = layout_matrix(weights, columns);
  const at::Tensor plain = row_linear_rows(rows, matrix.weight, matrix.first, columns);
  if (config.layout_head == LayoutHeadKind::tokens) return plain;
  const at::Tensor query = row_linear(rows, weights.at("pointer_head.q.weight"));
  const at::Tensor keys = row_linear(at_least_float(gather_rows(hidden, targets.candidate_row)),
                                     weights.at("pointer_head.k.weight"));
  return add_pointer_scores(plain, query, keys, targets, config.structure_size);
}

LayoutLogProbs layout_log_probs(const WeightsView& weights, const at::Tensor& hidden,
                                const TargetRows& targets, double temperature) {
  return allowed_log_softmax(layout_logits(weights, hidden, targets), targets, temperature);
}

at::Tensor lm_logits(const WeightsView& weights, const at::Tensor& hidden) {
  const at::Tensor base = at_least_float(row_linear(hidden, lm_weight(weights)));
  if (!rows_apart(weights)) return base;
  const at::Tensor layout = row_linear(hidden, layout_rows(weights, weights.config().layout_size()));
  return at::cat({base, at_least_float(layout)}, 1);
}

at::Tensor scalar_head(const WeightsView& weights, std::string_view name, const at::Tensor& hidden,
                       std::span<const std::int64_t> rows) {
  const std::string prefix = std::string(name) + "_head.";
  const at::Tensor &weight = weights.at(prefix + "weight"), &bias = weights.at(prefix + "bias");
  return row_linear(at_least_float(gather_rows(hidden, rows)), weight, bias).reshape({-1});
}

}  // namespace pagewright
