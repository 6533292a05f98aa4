#pragma once
// Steps that succeed on all ranks of a group or fail on all.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "distributed/communicator.hpp"

namespace pagewright {

/// An Error that all ranks of a group throw at the same place: none waits for another, and one of them may
/// speak for all.
class AgreedError : public Error {
 public:
  AgreedError(const std::string& text, int ranks) : Error(text), ranks_(ranks) {}
  /// Of the group.
  int ranks() const { return ranks_; }

 private:
  int ranks_;
};

/// The bytes of every rank, [size]. All ranks of the group take part, with two all-gathers.
std::vector<std::string> all_gather_bytes(Communicator& group, std::string_view own);

/// The root's text on every rank. All ranks of the group take part, with two broadcasts.
std::string broadcast_text(Communicator& group, std::string_view text, int root);

/// Runs `action` on every rank. If it throws on any, all throw AgreedError with the text of the lowest rank
/// on which it did, which names that rank if not all said the same. All ranks of the group take part;
/// `action` must not communicate.
void on_all_ranks(Communicator& group, const std::function<void()>& action);
/// What `make` returns, on every rank; fails as on_all_ranks() does.
template <class Make>
auto made_on_all(Communicator& group, const Make& make) {
  std::optional<decltype(make())> made;
  on_all_ranks(group, [&] { made.emplace(make()); });
  return std::move(*made);
}
/// Runs `action` on rank 0; the others wait, and throw what it threw.
void on_first_rank(Communicator& group, const std::function<void()>& action);

/// Throws AgreedError naming the first rank whose text differs from rank 0's: `what` says what must be equal,
/// and `advice` what to do.
void require_equal_on_all_ranks(Communicator& group, std::string_view text, const std::string& what,
                                const std::string& advice);

}  // namespace pagewright
