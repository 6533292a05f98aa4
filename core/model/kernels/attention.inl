// Attention of one query row and head. Sixteen keys at a time for scores, sixteen elements of the head at a
// time for values, then eight, then one; every element is the same chain of multiply-adds in all three. The j-th key of the walk always lies in lane j % 16 and accumulator j % 4.

template <class T>
PW_INLINE void dot_chunk(std::int64_t head_dim, const T* query, const T* keys_t, std::int64_t stride,
                         Lane16<T>& out) {
  Lane16<T> even, odd, k;
  even.fill(T(0));
  odd.fill(T(0));
  std::int64_t d = 0;
  for (; d + 2 <= head_dim; d += 2) {
    k.load(keys_t + d * stride);
    even.v += k.v * query[d];
    k.load(keys_t + (d + 1) * stride);
    odd.v += k.v * query[d + 1];
  }
  if (d < head_dim) {
    k.load(keys_t + d * stride);
    even.v += k.v * query[d];
  }
  out.v = even.v + odd.v;
}

template <class T>
void dot_keys_kernel(std::int64_t head_dim, const T* query, const T* keys_t, std::int64_t stride,
                     std::int64_t count, T* scores) {
  Lane16<T> s;
  for (std::int64_t j = 0; j < count; j += 16) {
    dot_chunk(head_dim, query, keys_t + j, stride, s);
    s.store(scores + j);
  }
}

/// Adds weight[j + u] row_(j + u) to acc[u], u < 4, for j in [begin, end) in steps of four; row 0 is at `rows`.
/// Returns the first j that is left.
template <class Lanes, class T>
PW_INLINE std::int64_t weigh_fours(std::int64_t begin, std::int64_t end, const T* rows, std::int64_t stride,
                                   const T* weight, Lanes (&acc)[4]) {
  Lanes a;
  std::int64_t j = begin;
  for (const T* row = rows + begin * stride; j + 4 <= end; j += 4, row += 4 * stride)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) {
      a.load(row + u * stride);
      acc[u].v += a.v * weight[j + u];
    }
  return j;
}

/// out = sum_j weight[j] row_j over the lanes' columns and j in [begin, count), rows in two parts; begin is a
/// multiple of 16.
template <class Lanes, class T>
PW_INLINE void weigh_rows(std::int64_t begin, std::int64_t count, std::int64_t split, const T* first,
                          const T* second, std::int64_t stride, const T* weight, Lanes& out) {
  Lanes acc[4], a;
  for (auto& one : acc) one.fill(T(0));
  std::int64_t j = weigh_fours(begin, std::min(count, split), first, stride, weight, acc);
  const auto weigh_single = [&](std::int64_t end) {
    for (int u = 0; j < end; ++u, ++j) {
      a.load(j < split ? first + j * stride : second + (j - split) * stride);
      acc[u].v += a.v * weight[j];
    }
  };
  if (j < split) weigh_single(std::min(count, j + 4));
  if (j < count) j = split + weigh_fours(j - split, count - split, second, stride, weight + split, acc);
  weigh_single(count);
  out.v = (acc[0].v + acc[1].v) + (acc[2].v + acc[3].v);
}

/// One element of the same sum.
template <class T>
PW_INLINE T weigh_elements(std::int64_t begin, std::int64_t count, std::int64_t split, const T* first,
                           const T* second, std::int64_t stride, const T* weight) {
  T acc[4] = {};
  for (std::int64_t j = begin; j < count; ++j)
    acc[j % 4] += weight[j] * (j < split ? first[j * stride] : second[(j - split) * stride]);
  return (acc[0] + acc[1]) + (acc[2] + acc[3]);
}

/// Columns [d, ...) of the head in steps of the lanes' width; returns the first that is left.
template <class Lanes, class T, class Finish>
PW_INLINE std::int64_t weigh_columns(std::int64_t d, std::int64_t head_dim, std::int64_t begin, std::int64_t count,
                                     std::int64_t split, const T* first, const T* second, std::int64_t stride,
                                     const T* weight, T* out, const Finish& finish) {
  Lanes sum;
  for (; d + Lanes::kWidth <= head_dim; d += Lanes::kWidth) {
    weigh_rows(begin, count, split, first + d, second + d, stride, weight, sum);
    finish(sum.v);
    sum.store(out + d);
  }
  return d;
}

/// out [head_dim] = finish(sum_j weight[j] row_j).
template <class T, class Finish>
PW_INLINE void weigh_head(std::int64_t head_dim, std::int64_t begin, std::int64_t count, std::int64_t split,
                          const T* const rows[2], std::int64_t stride, const T* weight, T* out,
                          const Finish& finish) {
  std::int64_t d = weigh_columns<Lane16<T>>(0, head_dim, begin, count, split, rows[0], rows[1], stride, weight, out, finish);
  d = weigh_columns<Lane8<T>>(d, head_dim, begin, count, split, rows[0], rows[1], stride, weight, out, finish);
  for (; d < head_dim; ++d) {
    T element = weigh_elements(begin, count, split, rows[0] + d, rows[1] + d, stride, weight);
    finish(element);
    out[d] = element;
  }
}

template <class T>
T attention_row_kernel(std::int64_t head_dim, T scale, const T* query, const AttentionKeys<T>& k, T* out,
                       T* scratch) {
  const T low = -std::numeric_limits<T>::infinity();
  const std::int64_t padded = padded_to_lanes(k.count), begin = k.first / 16 * 16;
  T* scaled = scratch + padded;
  for (std::int64_t d = 0; d < head_dim; ++d) scaled[d] = query[d] * scale;
  Lane16<T> top, sum, s;
  top.fill(low);
  for (std::int64_t j = begin; j < padded; j += 16) {
    const int part = j / 16 < k.chunk_split ? 0 : 1;
    const std::int64_t at = part == 0 ? j : j - k.chunk_split * 16;
    dot_chunk(head_dim, scaled, k.keys[part] + at, k.key_stride[part], s);
    s.store(scratch + j);
    if (j + 16 > k.count || j < k.first) {
      for (std::int64_t i = k.count; i < padded; ++i) scratch[i] = low;
      for (std::int64_t i = begin; i < k.first; ++i) scratch[i] = low;
      s.load(scratch + j);
    }
    top.v = s.v > top.v ? s.v : top.v;
  }
  const T most = lane_max(top);
  sum.fill(T(0));
  for (std::int64_t j = begin; j < padded; j += 16) {
    s.load(scratch + j);
    s.v = s.v - most;
    lane_exp(s);
    sum.v += s.v;
    s.store(scratch + j);
  }
  const T total = lane_sum(sum);
  const T inverse = T(1) / total;
  weigh_head(head_dim, begin, k.count, k.row_split, k.values, k.value_stride, scratch, out,
             [inverse](auto& x) { x = x * inverse; });
  return most + std::log(total);
}

/// Adds weight[j] * source to rows j in [begin, end), of which row 0 is at `rows`, in steps of the lanes' width from
/// column d on; returns the first column that is left.
template <class Lanes, class T>
PW_INLINE std::int64_t scatter_columns(std::int64_t d, std::int64_t head_dim, std::int64_t begin, std::int64_t end,
                                       T* rows, std::int64_t stride, const T* weight, const T* source) {
  Lanes a, b;
  for (; d + Lanes::kWidth <= head_dim; d += Lanes::kWidth) {
    b.load(source + d);
    for (std::int64_t j = begin; j < end; ++j) {
      a.load(rows + j * stride + d);
      a.v += b.v * weight[j];
      a.store(rows + j * stride + d);
    }
  }
  return d;
}

template <class T>
PW_INLINE void scatter_part(std::int64_t head_dim, std::int64_t begin, std::int64_t end, T* rows,
                            std::int64_t stride, const T* weight, const T* source) {
  std::int64_t d = scatter_columns<Lane16<T>>(0, head_dim, begin, end, rows, stride, weight, source);
  d = scatter_columns<Lane8<T>>(d, head_dim, begin, end, rows, stride, weight, source);
  for (; d < head_dim; ++d)
    for (std::int64_t j = begin; j < end; ++j) rows[j * stride + d] += weight[j] * source[d];
}

/// Adds weight_j * source to row j for all rows of the walk that are seen.
template <class T>
PW_INLINE void scatter_rows(const AttentionRowGrad<T>& g, T* const rows[2], const T* weight,
                            const T* source) {
  scatter_part(g.head_dim, g.first, std::min(g.count, g.row_split), rows[0], g.row_stride, weight, source);
  const std::int64_t own = std::max(g.first, g.row_split);
  scatter_part(g.head_dim, own - g.row_split, g.count - g.row_split, rows[1], g.row_stride, weight + g.row_split,
               source);
}

template <class T>
void attention_row_grad_kernel(const AttentionRowGrad<T>& g) {
  const std::int64_t padded = padded_to_lanes(g.count), begin = g.first / 16 * 16;
  T *weight = g.scratch, *grad_score = g.scratch + padded;
  T dot = T(0);
  for (std::int64_t d = 0; d < g.head_dim; ++d) dot += g.grad_out[d] * g.out[d];
  Lane16<T> s, p;
  for (std::int64_t j = begin; j < padded; j += 16) {
    dot_chunk(g.head_dim, g.query, g.keys_t + j, g.t_stride, s);
    s.v = s.v * g.scale - g.log_sum_exp;
    lane_exp(s);
    s.store(weight + j);
    dot_chunk(g.head_dim, g.grad_out, g.values_t + j, g.t_stride, p);
    p.v = (s.v * (p.v - dot)) * g.scale;
    p.store(grad_score + j);
  }
  for (std::int64_t j = begin; j < g.first; ++j) grad_score[j] = T(0);
  weigh_head(g.head_dim, begin, g.count, g.row_split, g.key_rows, g.row_stride, grad_score, g.grad_query,
             [](auto&) {});
  scatter_rows(g, g.grad_key_rows, grad_score, g.query);
  scatter_rows(g, g.grad_value_rows, weight, g.grad_out);
}

template <class T>
KernelTable<T> make_table() {
  return {
      &gemm_kernel<T>,        &rms_norm_kernel<T>, &rms_norm_grad_kernel<T>, &swiglu_kernel<T>,
      &swiglu_grad_kernel<T>, &dot_keys_kernel<T>, &attention_row_kernel<T>, &attention_row_grad_kernel<T>,
      &log_softmax_kernel<T>, &exp_kernel<T>};
}
