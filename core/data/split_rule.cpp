#include "core/data/split_rule.hpp"

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

namespace pagewright {

Split SplitRule::operator()(const Request& request) const {
  switch (kind) {
    case Kind::all:
      return all;
    case Kind::by_time:
      return request.timestamp >= test_from    ? Split::test
             : request.timestamp >= valid_from ? Split::valid
                                               : Split::train;
    case Kind::by_user:
      break;
  }
  const auto& user = request.user.empty() ? request.id : request.user;
  const double u = static_cast<double>(stable_hash(user, kUserSplitSalt) >> 11) * 0x1p-53;
  return u < test_share ? Split::test : u < test_share + valid_share ? Split::valid : Split::train;
}

std::string SplitRule::describe() const {
  switch (kind) {
    case Kind::all:
      return fmt::format("all {}", split_name(all));
    case Kind::by_time:
      return fmt::format("by time: valid from {}, test from {}", valid_from, test_from);
    case Kind::by_user:
      break;
  }
  return fmt::format("by user: valid {}, test {}", valid_share, test_share);
}

void SplitRule::validate() const {
  require(valid_share >= 0 && test_share >= 0 && valid_share + test_share <= 1,
          "the shares of the split, valid {} and test {}, must be at least 0 and at most 1 together",
          valid_share, test_share);
  require(kind != Kind::by_time || valid_from <= test_from,
          "the split by time needs valid to begin at or before test, but {} is after {}", valid_from,
          test_from);
}

const char* split_name(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::valid:
      return "valid";
    case Split::test:
      break;
  }
  return "test";
}

Split split_from_name(std::string_view name) {
  for (const auto split : {Split::train, Split::valid, Split::test})
    if (name == split_name(split)) return split;
  fail("'{}' is no split; use train, valid or test", name);
}

}  // namespace pagewright
