// Sixteen lanes of T with the vector extensions of GCC and Clang. Included once for each instruction set.

template <class T>
struct LaneTypes;
template <>
struct LaneTypes<float> {
  typedef float Vec __attribute__((vector_size(64)));
  typedef float Loose __attribute__((vector_size(64), aligned(4), may_alias));
  typedef std::int32_t Int __attribute__((vector_size(64)));
  using Word = std::int32_t;
};
template <>
struct LaneTypes<double> {
  typedef double Vec __attribute__((vector_size(128)));
  typedef double Loose __attribute__((vector_size(128), aligned(8), may_alias));
  typedef std::int64_t Int __attribute__((vector_size(128)));
  using Word = std::int64_t;
};

#define PW_INLINE [[gnu::always_inline]] inline

/// Sixteen values; a struct, so that passing it by reference never depends on the calling convention of
/// vectors.
template <class T>
struct Lane16 {
  static constexpr std::int64_t kWidth = 16;
  typename LaneTypes<T>::Vec v;
  PW_INLINE void load(const T* p) { v = *reinterpret_cast<const typename LaneTypes<T>::Loose*>(p); }
  PW_INLINE void store(T* p) const { *reinterpret_cast<typename LaneTypes<T>::Loose*>(p) = v; }
  PW_INLINE void fill(T value) { v = typename LaneTypes<T>::Vec{} + value; }
  /// The first n lanes from memory, the others `rest`.
  PW_INLINE void load_part(const T* p, std::int64_t n, T rest) {
    fill(rest);
    for (std::int64_t i = 0; i < n; ++i) v[i] = p[i];
  }
  PW_INLINE void store_part(T* p, std::int64_t n) const {
    for (std::int64_t i = 0; i < n; ++i) p[i] = v[i];
  }
};

/// Eight values, for the end of a head that is no multiple of 16.
template <class T>
struct Lane8 {
  typedef T Vec __attribute__((vector_size(8 * sizeof(T))));
  typedef T Loose __attribute__((vector_size(8 * sizeof(T)), aligned(sizeof(T)), may_alias));
  static constexpr std::int64_t kWidth = 8;
  Vec v;
  PW_INLINE void load(const T* p) { v = *reinterpret_cast<const Loose*>(p); }
  PW_INLINE void store(T* p) const { *reinterpret_cast<Loose*>(p) = v; }
  PW_INLINE void fill(T value) { v = Vec{} + value; }
};

/// Sum in one fixed tree.
template <class T>
PW_INLINE T lane_sum(const Lane16<T>& x) {
  T part[8];
  for (int i = 0; i < 8; ++i) part[i] = x.v[i] + x.v[i + 8];
  for (int i = 0; i < 4; ++i) part[i] += part[i + 4];
  return (part[0] + part[2]) + (part[1] + part[3]);
}

template <class T>
PW_INLINE T lane_max(const Lane16<T>& x) {
  T part[8];
  for (int i = 0; i < 8; ++i) part[i] = x.v[i] > x.v[i + 8] ? x.v[i] : x.v[i + 8];
  for (int i = 0; i < 4; ++i) part[i] = part[i] > part[i + 4] ? part[i] : part[i + 4];
  for (int i = 0; i < 2; ++i) part[i] = part[i] > part[i + 2] ? part[i] : part[i + 2];
  return part[0] > part[1] ? part[0] : part[1];
}

/// exp by x = n ln 2 + r, |r| <= ln 2 / 2 (Cody and Waite 1980), and a polynomial in r: of degree 7 with
/// Cephes' coefficients (Moshier, expf.c) for float, Taylor's of degree 13 for double. Below the smallest
/// normal result: 0. Within 2 ulp (float: 1.1e-7, double: 3e-16 relative).
PW_INLINE void lane_exp(Lane16<float>& x) {
  using Int = LaneTypes<float>::Int;
  typedef float Vec __attribute__((vector_size(64)));
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Int tiny = x.v < -87.3365f;
  Vec v = x.v > 88.3762626647949f ? Vec{} + 88.3762626647949f : x.v;
  v = tiny ? Vec{} - 87.0f : v;
  const Vec shifted = v * 1.44269504088896341f + kMagic;
  const Vec n = shifted - kMagic;
  const Vec r = (v - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r) * r + r + 1.0f;
  const Int exponent = ((Int)shifted - 0x4B400000) << 23;
  p = (Vec)((Int)p + exponent);
  x.v = tiny ? Vec{} : p;
}

PW_INLINE void lane_exp(Lane16<double>& x) {
  using Int = LaneTypes<double>::Int;
  typedef double Vec __attribute__((vector_size(128)));
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52
  const Int tiny = x.v < -708.0;
  Vec v = x.v > 709.0 ? Vec{} + 709.0 : x.v;
  v = tiny ? Vec{} - 700.0 : v;
  const Vec shifted = v * 1.4426950408889634074 + kMagic;
  const Vec n = shifted - kMagic;
  const Vec r = (v - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  Vec p = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = (p * r) * r + r + 1.0;
  const Int exponent = ((Int)shifted - 0x4338000000000000) << 52;
  p = (Vec)((Int)p + exponent);
  x.v = tiny ? Vec{} : p;
}
