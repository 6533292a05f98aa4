#pragma once
// The pointer head's scores of a request's candidates.

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"

namespace pagewright {

/// logits with query_r . key_j / sqrt(dim) added at column `first_column` + j for each candidate j of row r's
/// prompt, [R, columns]. `keys` holds one row per entry of targets.candidate_row. Differentiable in all
/// three.
at::Tensor add_pointer_scores(const at::Tensor& logits /* [R, columns] */,
                              const at::Tensor& query /* [R, dim] */, const at::Tensor& keys /* [C, dim] */,
                              const TargetRows& targets, std::int64_t first_column);

/// The same for one row and the transposed keys of its prompt, [dim, stride]; `scores` is scratch of padded
/// `count`.
template <class T>
void add_pointer_scores_row(std::int64_t dim, std::int64_t count, const T* query, const T* keys_t,
                            std::int64_t stride, T* scores, T* out);

}  // namespace pagewright
