#include "core/base/rng.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "core/base/hash.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using Words = std::array<uint32_t, 4>;

std::vector<uint32_t> first_words(CounterRandom random, int count) {
  std::vector<uint32_t> words;
  for (int i = 0; i < count; ++i) words.push_back(random.next_u32());
  return words;
}

/// Pearson's statistic of counts that should all be equal.
double chi_square(const std::vector<int>& counts) {
  const double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// The Kolmogorov-Smirnov statistic times sqrt(n): above 1.63 with a probability of 1 % if the distribution
/// is right.
double kolmogorov_smirnov(std::vector<double> values, const std::function<double(double)>& distribution) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = distribution(values[i]);
    const auto rank = static_cast<double>(i);
    largest = std::max({largest, expected - rank / n, (rank + 1) / n - expected});
  }
  return largest * std::sqrt(n);
}

std::vector<double> draws(int count, const std::function<double()>& draw) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(draw());
  return values;
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the known answers of Random123") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr uint32_t kOnes = 0xffffffff;
  CHECK(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream's words are Philox of the documented key and counter") {
  // Computed by a separate program from the description in rng.hpp.
  CHECK(first_words(CounterRandom(0, RandomStream::world), 6) ==
        std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 0xf8e4cca4, 0x5cb200db});
  CHECK(first_words(CounterRandom(1, RandomStream::sampling, 3, 12345, 2, 9), 6) ==
        std::vector<uint32_t>{0xbe5a174a, 0x9743aa88, 0xd3264a4b, 0xbd3656e8, 0xc4fc8e79, 0x44597957});
  CHECK(first_words(
            CounterRandom(0xfedcba9876543210, RandomStream::controls, 0xffffffff, 0xffffffff, 0xffff, 0xffff),
            6) ==
        std::vector<uint32_t>{0xd016c87f, 0xde7661eb, 0xe2ff8e99, 0x78c68d7e, 0x870f0cdf, 0xf0fb3ad2});
  CHECK(CounterRandom(0, RandomStream::world).next_u64() == 0xe169c58d6627e8d5);
}

TEST_CASE("every one of the six numbers gives another stream") {
  std::set<uint64_t> first;
  std::size_t streams = 0;
  for (uint64_t seed : {0u, 1u, 2u})
    for (auto stream : {RandomStream::world, RandomStream::logging, RandomStream::controls})
      for (uint64_t iteration : {0u, 1u, 65536u})
        for (uint64_t request : {0u, 1u, 65536u})
          for (uint64_t sample : {0u, 1u, 65535u})
            for (uint64_t position : {0u, 1u, 65535u}) {
              first.insert(CounterRandom(seed, stream, iteration, request, sample, position).next_u64());
              ++streams;
            }
  CHECK(first.size() == streams);
}

TEST_CASE("numbers that do not fit into the counter are refused") {
  const auto refused = [](uint64_t iteration, uint64_t request, uint64_t sample, uint64_t position) {
    return test::error_text(
        [&] { CounterRandom(1, RandomStream::world, iteration, request, sample, position); });
  };
  CHECK(refused(1ull << 32, 0, 0, 0) == "random stream: iteration 4294967296 does not fit in 32 bits");
  CHECK(refused(0, 1ull << 32, 0, 0) == "random stream: request 4294967296 does not fit in 32 bits");
  CHECK(refused(0, 0, 65536, 0) == "random stream: sample 65536 does not fit in 16 bits");
  CHECK(refused(0, 0, 0, 65536) == "random stream: position 65536 does not fit in 16 bits");
  CHECK(test::error_text([] { CounterRandom(1, RandomStream::world).below(0); }) ==
        "random stream: a number below 0 was asked for");
}

TEST_CASE("uniform numbers are uniform on [0, 1) with 53 bits") {
  CounterRandom random(7, RandomStream::controls);
  const auto values = draws(50'000, [&] { return random.uniform(); });
  CHECK(*std::min_element(values.begin(), values.end()) >= 0);
  CHECK(*std::max_element(values.begin(), values.end()) < 1);
  for (double value : values) REQUIRE(std::ldexp(value, 53) == std::floor(std::ldexp(value, 53)));
  CHECK(std::any_of(values.begin(), values.end(),
                    [](double v) { return std::fmod(std::ldexp(v, 53), 2) == 1; }));
  CHECK(kolmogorov_smirnov(values, [](double x) { return x; }) < 1.63);
}

TEST_CASE("normal numbers follow the normal distribution") {
  CounterRandom random(8, RandomStream::controls);
  const auto values = draws(50'000, [&] { return random.normal(); });
  CHECK(kolmogorov_smirnov(values, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }) < 1.63);
}

TEST_CASE("a normal number leaves nothing behind for the next") {
  CounterRandom once(9, RandomStream::controls), words(9, RandomStream::controls);
  once.normal();
  words.next_u64();
  words.next_u64();
  CHECK(once.next_u64() == words.next_u64());
}

TEST_CASE("Gumbel numbers follow the Gumbel distribution") {
  CounterRandom random(10, RandomStream::controls);
  const auto values = draws(50'000, [&] { return random.gumbel(); });
  CHECK(kolmogorov_smirnov(values, [](double x) { return std::exp(-std::exp(-x)); }) < 1.63);
}

TEST_CASE("the largest of logits plus Gumbel numbers samples the softmax") {
  const std::vector<double> probabilities{0.6, 0.3, 0.1};
  CounterRandom random(11, RandomStream::sampling);
  std::vector<int> counts(3);
  const int n = 30'000;
  for (int i = 0; i < n; ++i) {
    std::vector<double> keys;
    for (double p : probabilities) keys.push_back(std::log(p) + random.gumbel());
    ++counts[static_cast<std::size_t>(std::max_element(keys.begin(), keys.end()) - keys.begin())];
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const double p = probabilities[i];
    CHECK(std::abs(counts[i] - n * p) < 3.3 * std::sqrt(n * p * (1 - p)));
  }
}

TEST_CASE("below is uniform without bias") {
  CounterRandom random(12, RandomStream::controls);
  std::vector<int> counts(10);
  for (int i = 0; i < 50'000; ++i) ++counts[random.below(10)];
  CHECK(chi_square(counts) < 27.9);  // 0.1 % point, 9 degrees of freedom
  // The remainder by n would fall into the first third half of the time.
  const uint64_t third = 1ull << 62;
  int first = 0;
  for (int i = 0; i < 30'000; ++i) first += random.below(3 * third) < third ? 1 : 0;
  CHECK(std::abs(first - 10'000) < 3.3 * std::sqrt(30'000 * 2.0 / 9));
  for (int i = 0; i < 100; ++i) CHECK(random.below(1) == 0);
}

TEST_CASE("a shuffle gives every order equally often") {
  CounterRandom random(13, RandomStream::shuffle);
  std::map<std::string, int> orders;
  for (int i = 0; i < 24'000; ++i) {
    std::string letters = "abcd";
    random.shuffle(std::span<char>(letters));
    ++orders[letters];
  }
  CHECK(orders.size() == 24);
  std::vector<int> counts;
  for (const auto& [order, count] : orders) counts.push_back(count);
  CHECK(chi_square(counts) < 49.7);  // 0.1 % point, 23 degrees of freedom
  std::vector<int> none;
  random.shuffle(std::span<int>(none));
  CHECK(none.empty());
}

TEST_CASE("neighbouring streams do not resemble each other") {
  std::vector<double> x, y;
  for (uint64_t request = 0; request < 20'000; ++request) {
    x.push_back(CounterRandom(1, RandomStream::sampling, 5, request, 0, 3).uniform() - 0.5);
    y.push_back(CounterRandom(1, RandomStream::sampling, 5, request, 0, 4).uniform() - 0.5);
  }
  CHECK(kolmogorov_smirnov(x, [](double value) { return value + 0.5; }) < 1.63);
  const double correlation = std::inner_product(x.begin(), x.end(), y.begin(), 0.0) * 12 / 20'000;
  CHECK(std::abs(correlation) < 3.3 / std::sqrt(20'000.0));
}

TEST_CASE("the stable hash is FNV-1a with a finaliser") {
  // FNV-1a of "foobar" is 0x85944171f73967e8 in the test suite of its authors.
  CHECK(stable_hash("foobar") == mix64(0x85944171f73967e8));
  CHECK(stable_hash("foobar") == 0x404da9e3b74078c2);
  CHECK(stable_hash("") == 0xf52a15e9a9b5e89b);
  CHECK(stable_hash("user-7", 42) == 0x2fa8728a52b60a47);
  CHECK(stable_hash("user-7", 41) != stable_hash("user-7", 42));
  CHECK(mix64(0x9E3779B97F4A7C15) == 0xe220a8397b1dcdaf);  // first number of splitmix64 with seed 0
}

TEST_CASE("the stable hash spreads names evenly") {
  std::vector<int> counts(16);
  for (int i = 0; i < 16'000; ++i) ++counts[stable_hash("user-" + std::to_string(i), 3) % 16];
  CHECK(chi_square(counts) < 37.7);  // 0.1 % point, 15 degrees of freedom
}

}  // namespace pagewright
