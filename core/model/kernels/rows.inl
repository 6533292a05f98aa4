// Norm, activation and softmax of rows.

template <class T>
void rms_norm_kernel(std::int64_t rows, std::int64_t dim, const T* x, const T* weight, T eps, T* y, T* rstd) {
  const std::int64_t whole = dim / 16 * 16;
  for (std::int64_t r = 0; r < rows; ++r, x += dim, y += dim) {
    Lane16<T> sum, a, w;
    sum.fill(T(0));
    for (std::int64_t d = 0; d < whole; d += 16) {
      a.load(x + d);
      sum.v += a.v * a.v;
    }
    if (whole < dim) {
      a.load_part(x + whole, dim - whole, T(0));
      sum.v += a.v * a.v;
    }
    const T scale = T(1) / std::sqrt(lane_sum(sum) / T(dim) + eps);
    rstd[r] = scale;
    for (std::int64_t d = 0; d < whole; d += 16) {
      a.load(x + d);
      w.load(weight + d);
      a.v = (a.v * scale) * w.v;
      a.store(y + d);
    }
    for (std::int64_t d = whole; d < dim; ++d) y[d] = (x[d] * scale) * weight[d];
  }
}

template <class T>
void rms_norm_grad_kernel(std::int64_t rows, std::int64_t dim, const T* x, const T* weight, const T* rstd,
                          const T* grad_y, T* grad_x, T* grad_weight) {
  const std::int64_t whole = dim / 16 * 16;
  for (std::int64_t r = 0; r < rows; ++r, x += dim, grad_y += dim, grad_x += dim) {
    const T scale = rstd[r];
    Lane16<T> sum, a, g, w, total;
    sum.fill(T(0));
    for (std::int64_t d = 0; d < whole; d += 16) {
      a.load(x + d);
      g.load(grad_y + d);
      w.load(weight + d);
      total.load(grad_weight + d);
      total.v += g.v * (a.v * scale);
      total.store(grad_weight + d);
      sum.v += (g.v * w.v) * a.v;
    }
    T dot = lane_sum(sum);
    for (std::int64_t d = whole; d < dim; ++d) {
      grad_weight[d] += grad_y[d] * (x[d] * scale);
      dot += (grad_y[d] * weight[d]) * x[d];
    }
    const T shared = dot * scale * scale * scale / T(dim);
    for (std::int64_t d = 0; d < whole; d += 16) {
      a.load(x + d);
      g.load(grad_y + d);
      w.load(weight + d);
      a.v = (g.v * w.v) * scale - a.v * shared;
      a.store(grad_x + d);
    }
    for (std::int64_t d = whole; d < dim; ++d) grad_x[d] = (grad_y[d] * weight[d]) * scale - x[d] * shared;
  }
}

/// sigmoid(x) in place.
template <class T>
PW_INLINE void lane_sigmoid(Lane16<T>& x) {
  x.v = -x.v;
  lane_exp(x);
  x.v = T(1) / (x.v + T(1));
}

template <class T>
PW_INLINE void swiglu_lanes(Lane16<T>& gate, const Lane16<T>& up) {
  Lane16<T> s = gate;
  lane_sigmoid(s);
  gate.v = (gate.v * s.v) * up.v;
}

template <class T>
void swiglu_kernel(std::int64_t n, const T* gate, const T* up, T* y) {
  Lane16<T> g, u;
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    g.load(gate + i);
    u.load(up + i);
    swiglu_lanes(g, u);
    g.store(y + i);
  }
  if (i == n) return;
  g.load_part(gate + i, n - i, T(0));
  u.load_part(up + i, n - i, T(0));
  swiglu_lanes(g, u);
  g.store_part(y + i, n - i);
}

/// In place: gate becomes its gradient and up becomes its own.
template <class T>
PW_INLINE void swiglu_grad_lanes(Lane16<T>& gate, Lane16<T>& up, const Lane16<T>& grad) {
  Lane16<T> s = gate;
  lane_sigmoid(s);
  const Lane16<T> silu{gate.v * s.v};
  gate.v = (grad.v * up.v) * (s.v + silu.v * (T(1) - s.v));
  up.v = grad.v * silu.v;
}

template <class T>
void swiglu_grad_kernel(std::int64_t n, const T* gate, const T* up, const T* grad_y, T* grad_gate,
                        T* grad_up) {
  Lane16<T> g, u, grad;
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    g.load(gate + i);
    u.load(up + i);
    grad.load(grad_y + i);
    swiglu_grad_lanes(g, u, grad);
    g.store(grad_gate + i);
    u.store(grad_up + i);
  }
  if (i == n) return;
  g.load_part(gate + i, n - i, T(0));
  u.load_part(up + i, n - i, T(0));
  grad.load_part(grad_y + i, n - i, T(0));
  swiglu_grad_lanes(g, u, grad);
  g.store_part(grad_gate + i, n - i);
  u.store_part(grad_up + i, n - i);
}

template <class T>
T log_softmax_kernel(std::int64_t n, const T* logits, const std::int32_t* allowed, T temperature,
                     T* log_probs, T* scratch) {
  const std::int64_t padded = padded_to_lanes(n);
  const T low = -std::numeric_limits<T>::infinity();
  for (std::int64_t i = 0; i < n; ++i) scratch[i] = logits[allowed[i]] / temperature;
  for (std::int64_t i = n; i < padded; ++i) scratch[i] = low;
  Lane16<T> top, sum, a;
  top.fill(low);
  for (std::int64_t i = 0; i < padded; i += 16) {
    a.load(scratch + i);
    top.v = a.v > top.v ? a.v : top.v;
  }
  const T most = lane_max(top);
  sum.fill(T(0));
  for (std::int64_t i = 0; i < padded; i += 16) {
    a.load(scratch + i);
    a.v = a.v - most;
    lane_exp(a);
    sum.v += a.v;
  }
  const T log_sum = std::log(lane_sum(sum));
  T entropy = T(0);
  for (std::int64_t i = 0; i < n; ++i) log_probs[i] = (scratch[i] - most) - log_sum;
  for (std::int64_t i = 0; i < padded; i += 16) {
    a.load(scratch + i);
    a.v = (a.v - most) - log_sum;
    lane_exp(a);
    a.store(scratch + i);
  }
  for (std::int64_t i = 0; i < n; ++i) entropy -= scratch[i] * log_probs[i];
  return entropy;
}

template <class T>
void exp_kernel(std::int64_t n, const T* x, T* y) {
  Lane16<T> a;
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    a.load(x + i);
    lane_exp(a);
    a.store(y + i);
  }
  if (i == n) return;
  a.load_part(x + i, n - i, T(0));
  lane_exp(a);
  a.store_part(y + i, n - i);
}
