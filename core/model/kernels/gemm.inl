// Matrix product: panels of B packed to contiguous memory, tiles of C held in registers.

/// R rows by C x 16 columns of c over one block of the depth. `first`: start from the bias, else from c.
template <class T, int R, int C>
PW_INLINE void gemm_tile(const GemmOperands<T>& o, std::int64_t row, std::int64_t col, std::int64_t begin,
                         std::int64_t depth, const T* panel, const T* start) {
  Lane16<T> acc[R][C];
  const std::int64_t valid = o.cols - col;
  T* c = o.c + row * o.c_row + col;
  for (int r = 0; r < R; ++r)
    for (int s = 0; s < C; ++s) {
      if (begin == 0)
        acc[r][s].load(start + s * 16);
      else if (valid >= (s + 1) * 16)
        acc[r][s].load(c + r * o.c_row + s * 16);
      else
        acc[r][s].load_part(c + r * o.c_row + s * 16, valid - s * 16, T(0));
    }
  const T* a = o.a + row * o.a_row + begin * o.a_depth;
  for (std::int64_t p = 0; p < depth; ++p) {
    Lane16<T> b[C];
    for (int s = 0; s < C; ++s) b[s].load(panel + (p * C + s) * 16);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const T scalar = a[r * o.a_row + p * o.a_depth];
#pragma GCC unroll 4
      for (int s = 0; s < C; ++s) acc[r][s].v += b[s].v * scalar;
    }
  }
  for (int r = 0; r < R; ++r)
    for (int s = 0; s < C; ++s) {
      if (valid >= (s + 1) * 16)
        acc[r][s].store(c + r * o.c_row + s * 16);
      else
        acc[r][s].store_part(c + r * o.c_row + s * 16, valid - s * 16);
    }
}

/// panel[p][j] = b[begin + p][col + j], zero beyond the last column.
template <class T, int C>
PW_INLINE void gemm_pack(const GemmOperands<T>& o, std::int64_t col, std::int64_t begin, std::int64_t depth,
                         T* panel) {
  constexpr std::int64_t kWidth = C * 16;
  const std::int64_t valid = o.cols - col < kWidth ? o.cols - col : kWidth;
  const T* b = o.b + begin * o.b_depth + col * o.b_col;
  if (valid < kWidth)
    for (std::int64_t i = 0; i < depth * kWidth; ++i) panel[i] = T(0);
  if (o.b_col == 1) {
    for (std::int64_t p = 0; p < depth; ++p)
      for (std::int64_t j = 0; j < valid; ++j) panel[p * kWidth + j] = b[p * o.b_depth + j];
  } else {
    for (std::int64_t j = 0; j < valid; ++j)
      for (std::int64_t p = 0; p < depth; ++p) panel[p * kWidth + j] = b[p * o.b_depth + j * o.b_col];
  }
}

template <class T, int R, int C>
PW_INLINE void gemm_panel(const GemmOperands<T>& o, std::int64_t col, std::int64_t begin, T* panel) {
  const std::int64_t left = o.depth - begin;
  const std::int64_t depth = left < kGemmDepthBlock ? left : kGemmDepthBlock;
  gemm_pack<T, C>(o, col, begin, depth, panel);
  T start[C * 16];
  for (int j = 0; j < C * 16; ++j) start[j] = o.bias && col + j < o.cols ? o.bias[col + j] : T(0);
  std::int64_t row = 0;
  for (; row + R <= o.rows; row += R) gemm_tile<T, R, C>(o, row, col, begin, depth, panel, start);
  if constexpr (R > 4)
    for (; row + 4 <= o.rows; row += 4) gemm_tile<T, 4, C>(o, row, col, begin, depth, panel, start);
  if constexpr (R > 2)
    for (; row + 2 <= o.rows; row += 2) gemm_tile<T, 2, C>(o, row, col, begin, depth, panel, start);
  for (; row < o.rows; ++row) gemm_tile<T, 1, C>(o, row, col, begin, depth, panel, start);
}

template <class T>
void gemm_kernel(const GemmOperands<T>& o, T* panel) {
  constexpr bool kSingle = sizeof(T) == 4;
  constexpr int kRows = PW_GEMM_ROWS / (kSingle || PW_GEMM_WIDE ? 1 : 2);
  constexpr int kWide = PW_GEMM_WIDE && kSingle ? 2 : 1;
  // A product without depth still writes the bias.
  for (std::int64_t begin = 0; begin == 0 || begin < o.depth; begin += kGemmDepthBlock) {
    std::int64_t col = 0;
    if constexpr (kWide > 1)
      for (; col + 16 < o.cols; col += 16 * kWide) gemm_panel<T, kRows, kWide>(o, col, begin, panel);
    for (; col < o.cols; col += 16) gemm_panel<T, kRows, 1>(o, col, begin, panel);
  }
}
