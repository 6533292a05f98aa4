#pragma once
#include <vector>

namespace pagewright {

/// The solution x [n] of A x = b for a symmetric positive definite A, by Cholesky's decomposition in one
/// fixed order. `a` is [n, n] in row order, of which the lower triangle is read; `b` is [n]. Pivots are kept
/// above 1e-12.
std::vector<double> solve_positive_definite(std::vector<double> a, std::vector<double> b);

}  // namespace pagewright
