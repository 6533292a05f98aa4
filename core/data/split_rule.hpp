#pragma once
// How logged requests are divided into train, validation and test.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// One of three rules. By user, the share of a user is a stable hash of the user's name, so the same user is
/// always on the same side, in every log and on every machine:
///   u = stable_hash(user, kUserSplitSalt) / 2^64;  test if u < test_share, valid if u < test_share +
///   valid_share, else train.
struct SplitRule {
  enum class Kind { all, by_user, by_time };
  Kind kind = Kind::by_user;
  Split all = Split::train;  ///< of Kind::all
  double valid_share = 0.1;  ///< of Kind::by_user
  double test_share = 0.1;   ///< of Kind::by_user
  std::int64_t valid_from =
      0;  ///< of Kind::by_time, seconds since the epoch: valid in [valid_from, test_from)
  std::int64_t test_from = 0;  ///< of Kind::by_time: test from here on

  /// A request without a user counts as a user of its own.
  Split operator()(const Request& request) const;
  /// In words, as stored with the log.
  std::string describe() const;
  /// Error if shares or times make no sense.
  void validate() const;
};

inline constexpr std::uint64_t kUserSplitSalt = 1;

const char* split_name(Split split);
/// "train", "valid" or "test"; Error for anything else.
Split split_from_name(std::string_view name);

}  // namespace pagewright
