#pragma once
// What ranks of one role tell each other between iterations.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/failure/straggler_watch.hpp"

namespace pagewright {

/// How long each worked, so that a straggler is warned of, and whether one was asked for something.
class BorderMeeting {
 public:
  /// `parts` of the work as in StragglerWatch; `name_of` a rank of the group, in warnings. The group must
  /// outlive it.
  BorderMeeting(Communicator& group, std::vector<std::string> parts,
                std::function<std::string(int rank)> name_of);

  /// `seconds` of this rank's own work in the iteration, by part, waiting for others left out; for ranks
  /// whose work differs in size, seconds for equal work. Returns whether any rank `asks`. All ranks of the
  /// group take part, with one all-gather of a few numbers; the first logs the warnings.
  bool meet(std::int64_t iteration, std::span<const double> seconds, bool asks = false);

 private:
  Communicator& group_;
  std::size_t parts_;
  std::function<std::string(int)> name_of_;
  std::optional<StragglerWatch> watch_;  ///< of two ranks or more
};

}  // namespace pagewright
