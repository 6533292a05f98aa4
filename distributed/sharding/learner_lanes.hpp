#pragma once
// The learner ranks, and the lanes whose sums each of them makes.

#include <span>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/lane_tree.hpp"
#include "distributed/topology.hpp"

namespace pagewright {

class ByteReader;
class ByteWriter;

class LearnerLanes {
 public:
  /// All learner ranks make it together; `learners` must outlive it. `lanes` and the group's size are powers
  /// of two.
  LearnerLanes(Communicator& learners, int lanes, LaneOrder order = LaneOrder::contiguous);

  Communicator& learners() const { return learners_; }
  int total() const { return total_; }
  std::span<const int> own() const { return dealt_[static_cast<std::size_t>(learners_.rank())]; }

  /// Bytes of each of the own lanes in, those of every lane out, in the order of lanes. All learners take
  /// part, with two all-gathers: of the lengths, and of the bytes.
  std::vector<std::string> exchange(std::span<const std::string> own) const;
  /// The lane tree over everybody's sums, the same on every rank. As exchange().
  LaneSums add(std::span<const LaneSums> own) const;

 private:
  Communicator& learners_;
  int total_;
  std::vector<std::vector<int>> dealt_;  ///< [ranks][lanes of the rank]
};

void write_sums(const LaneSums& sums, ByteWriter& to);
LaneSums read_sums(ByteReader& from);

}  // namespace pagewright
