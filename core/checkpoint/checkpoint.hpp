#pragma once
// The state of a training run, as it is kept on disk and hashed.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.hpp"

namespace pagewright {

/// A named fp32 array without padding, or the elements [begin, begin + values.size()) of one.
struct NamedArray {
  std::string name;
  std::vector<std::int64_t> shape;  ///< of the whole array
  std::vector<float> values;
  std::int64_t begin = 0;
  bool operator==(const NamedArray&) const = default;
};

/// How good the policy of a checkpoint is. Checkpoints are compared by equal metrics only.
struct CheckpointReward {
  std::string metric;  ///< "held_out_reward", "reward"
  double value = 0;    ///< finite
  bool operator==(const CheckpointReward&) const = default;
};

/// Everything needed to go on bit for bit, or one rank's part of the arrays and blobs. Random numbers need no
/// state: they are keyed by the iteration.
struct Checkpoint {
  std::int64_t iteration = 0;  ///< iterations done
  /// Arrays by group, each group sorted by name (and begin): "parameters", "exp_avg", "exp_avg_sq", and what
  /// else a trainer keeps.
  std::map<std::string, std::vector<NamedArray>> arrays;
  /// Other bytes by name, each whole; ranks have different ones.
  std::map<std::string, std::string> blobs;
  std::map<std::string, double> numbers;   ///< optimizer step, policy version, KL coefficient, ...
  std::vector<std::string> metrics;        ///< a line an iteration, times, bytes and memory left out
  std::optional<CheckpointReward> reward;  ///< not part of the hashes
  bool operator==(const Checkpoint&) const = default;
};

/// What a checkpoint must agree with to be resumed.
struct RunIdentity {
  std::string configuration;  ///< SHA-256 of what can change results
  std::string language;       ///< hash of the page language
  std::string fingerprint;  ///< numeric fingerprint of processor and libraries; others resume with other bits
  std::string base = {};    ///< SHA-256 of the frozen parameters; empty where all is trained
};

/// Adds name, dtype, shape and bytes of an array.
void hash_array(Sha256& hash, std::string_view name, std::string_view dtype,
                std::span<const std::int64_t> shape, std::span<const std::byte> bytes);

struct CheckpointHashes {
  std::string parameters;  ///< of the group "parameters"
  std::string state;       ///< of all arrays, blobs, numbers and metrics
  bool operator==(const CheckpointHashes&) const = default;
};

/// Both hashes, of arrays that need not be in memory together: groups in the order of their names, in each
/// group every whole array in the order of names; then the blobs.
class CheckpointHasher {
 public:
  explicit CheckpointHasher(std::int64_t iteration);
  void group(const std::string& name);
  void array(std::string_view name, std::span<const std::int64_t> shape, std::span<const float> values);
  /// After all arrays, in the order of names.
  void blob(std::string_view name, std::string_view bytes);
  CheckpointHashes finish(const std::map<std::string, double>& numbers, std::span<const std::string> metrics);

 private:
  Sha256 state_, parameters_;
  bool in_parameters_ = false;
};

/// Of a checkpoint with whole arrays.
CheckpointHashes hash_checkpoint(const Checkpoint& checkpoint);

/// Puts the parts of each array together. Throws Error naming an array of which elements are missing or
/// there twice.
void join_parts(Checkpoint& checkpoint);

}  // namespace pagewright
