#pragma once
// The state of a training run, as it is kept on disk and hashed.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.hpp"

namespace pagewright {

/// A named fp32 array without padding.
struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
  bool operator==(const NamedArray&) const = default;
};

/// Everything needed to go on bit for bit. Random numbers need no state: they are keyed by the iteration.
struct Checkpoint {
  std::int64_t iteration = 0;  ///< iterations done
  /// Arrays by group, each group sorted by name: "parameters", "exp_avg", "exp_avg_sq", and what else a
  /// trainer keeps.
  std::map<std::string, std::vector<NamedArray>> arrays;
  std::map<std::string, double> numbers;  ///< optimizer step, policy version, KL coefficient, ...
  std::vector<std::string> metrics;       ///< a line an iteration, times, bytes and memory left out
  bool operator==(const Checkpoint&) const = default;
};

/// What a checkpoint must agree with to be resumed.
struct RunIdentity {
  std::string configuration;  ///< SHA-256 of what can change results
  std::string language;       ///< hash of the page language
  std::string fingerprint;  ///< numeric fingerprint of processor and libraries; others resume with other bits
};

/// Adds name, dtype, shape and bytes of an array.
void hash_array(Sha256& hash, std::string_view name, std::string_view dtype,
                std::span<const std::int64_t> shape, std::span<const std::byte> bytes);
/// SHA-256 of the group "parameters": name, dtype, shape, bytes of every array in name order.
std::string parameters_sha256(const Checkpoint& checkpoint);
/// SHA-256 of all arrays, numbers and metrics.
std::string state_sha256(const Checkpoint& checkpoint);

}  // namespace pagewright
