#include "core/base/rng.hpp"

#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

namespace pagewright {
namespace {

constexpr uint64_t kStreamGamma = 0x9E3779B97F4A7C15ull;

uint32_t checked_word(uint64_t value, uint64_t bits, const char* name) {
  require(value < (1ull << bits), "random stream: {} {} does not fit in {} bits", name, value, bits);
  return static_cast<uint32_t>(value);
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

CounterRandom::CounterRandom(uint64_t seed, RandomStream stream, uint64_t iteration, uint64_t request,
                             uint64_t sample, uint64_t position) {
  const uint64_t key = mix64(seed) + static_cast<uint64_t>(stream) * kStreamGamma;
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
  counter_ = {0, checked_word(iteration, 32, "iteration"), checked_word(request, 32, "request"),
              checked_word(sample, 16, "sample") << 16 | checked_word(position, 16, "position")};
}

void CounterRandom::refill() {
  require(!exhausted_,
          "random stream: more than 2^34 words were drawn from one stream; key it by request or iteration");
  block_ = philox4x32(counter_, key_);
  used_ = 0;
  exhausted_ = ++counter_[0] == 0;
}

uint32_t CounterRandom::next_u32() {
  if (used_ == block_.size()) refill();
  return block_[used_++];
}

uint64_t CounterRandom::next_u64() {
  const uint64_t low = next_u32();
  return static_cast<uint64_t>(next_u32()) << 32 | low;
}

double CounterRandom::uniform() {
  return static_cast<double>(next_u64() >> 11) * 0x1p-53;
}

/// Uniform on the odd multiples of 2^-53 in (0, 1), where the logarithm is finite.
double CounterRandom::open_uniform() {
  return (static_cast<double>(next_u64() >> 12) + 0.5) * 0x1p-52;
}

double CounterRandom::normal() {
  const double radius = std::sqrt(-2.0 * std::log(open_uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double CounterRandom::gumbel() {
  return -std::log(-std::log(open_uniform()));
}

uint64_t CounterRandom::below(uint64_t n) {
  require(n > 0, "random stream: a number below 0 was asked for");
  __extension__ using Wide = unsigned __int128;
  const uint64_t rejected = (0 - n) % n;
  while (true) {
    const Wide product = static_cast<Wide>(next_u64()) * n;
    if (static_cast<uint64_t>(product) >= rejected) return static_cast<uint64_t>(product >> 64);
  }
}

}  // namespace pagewright
