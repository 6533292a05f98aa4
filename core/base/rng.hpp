#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace pagewright {

/// The uses of randomness. Streams of different use never share numbers. Append only: the value is part of
/// the key.
enum class RandomStream : uint32_t {
  world,            ///< simulator: items, users' tastes
  logging,          ///< simulator: pages of the logging policy
  users,            ///< simulator: arrival of users and requests
  feedback,         ///< simulator: clicks and purchases
  split,            ///< train, validation and test users
  init,             ///< initial parameters
  candidate_order,  ///< order of the candidates in the prompt
  sampling,         ///< tokens of a generated page
  shuffle,          ///< order of samples inside a lane
  pairs,            ///< contrastive pairs
  bootstrap,        ///< resampling for intervals
  request_draw,     ///< requests of an iteration
  baseline,         ///< random decisions of baseline policies
  controls,         ///< negative controls
  misses,           ///< warm-up pages whose engaged items come late
  added_rows,       ///< embeddings of tokens that a pre-trained vocabulary lacks
  swap_credit,      ///< pages that a slot is compared with
  other_sessions,   ///< importers: the sessions from which items are drawn
  assembled_pages   ///< importers: cuts of sessions and the pages put together for them
};

/// Philox4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
/// 2011): four random words from a counter of four words and a key of two.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// A stream of random numbers that is a pure function of (seed, stream, iteration, request, sample,
/// position).
///
/// Note [Random streams]
/// Philox key:     the 64 bits of mix(seed) + stream * 0x9E3779B97F4A7C15, mix being the splitmix64 finaliser
/// (a
///                 bijection). The factor is odd, so the streams of one seed have different keys.
/// Philox counter: word 0 counts blocks of four words inside the stream, word 1 is the iteration, word 2 the
///                 request, word 3 is sample * 2^16 + position.
/// So under one seed any two tuples with iteration < 2^32, request < 2^32, sample < 2^16, position < 2^16
/// never meet; a number beyond these bounds, or a stream used for more than 2^34 words, is an Error. The bits
/// are the same on every machine: nothing here uses the standard library's distributions. normal() and
/// gumbel() use the C library's log and cos, whose last bit may differ between C libraries.
class CounterRandom {
 public:
  explicit CounterRandom(uint64_t seed, RandomStream stream, uint64_t iteration = 0, uint64_t request = 0,
                         uint64_t sample = 0, uint64_t position = 0);

  uint32_t next_u32();
  /// First word low, second word high.
  uint64_t next_u64();
  /// Uniform on the multiples of 2^-53 in [0, 1).
  double uniform();
  /// Standard normal by Box-Muller; every call takes two fresh uniforms and keeps nothing.
  double normal();
  /// Standard Gumbel, -log(-log(u)) with u in (0, 1): adding it to logits and taking the maximum samples the
  /// softmax.
  double gumbel();
  /// Uniform on 0 ... n-1 without bias (Lemire 2019, by rejection). n = 0 is an Error.
  uint64_t below(uint64_t n);

  /// Fisher-Yates: every order has the same probability.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t left = values.size(); left > 1; --left) {
      const auto chosen = static_cast<std::size_t>(below(left));
      if (chosen != left - 1) std::swap(values[left - 1], values[chosen]);
    }
  }

 private:
  void refill();
  double open_uniform();

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  uint32_t used_ = 4;
  bool exhausted_ = false;
};

}  // namespace pagewright
