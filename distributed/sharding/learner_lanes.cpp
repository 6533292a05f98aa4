#include "distributed/sharding/learner_lanes.hpp"

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"
#include "distributed/agreement.hpp"

namespace pagewright {

LearnerLanes::LearnerLanes(Communicator& learners, int lanes, LaneOrder order)
    : learners_(learners), total_(lanes) {
  const Topology topology(PlacementConfig{}, learners.size(), lanes, order);
  for (int rank = 0; rank < learners.size(); ++rank) dealt_.push_back(topology.lanes_of(Role::learner, rank));
}

std::vector<std::string> LearnerLanes::exchange(std::span<const std::string> mine) const {
  require(mine.size() == own().size(), "figures of {} lanes from a rank that has {}", mine.size(),
          own().size());
  ByteWriter writer;
  for (const std::string& lane : mine) writer.text(lane);
  const std::vector<std::string> gathered = all_gather_bytes(learners_, writer.take());
  std::vector<std::string> all(static_cast<std::size_t>(total_));
  for (std::size_t rank = 0; rank < gathered.size(); ++rank) {
    ByteReader reader(gathered[rank], fmt::format("figures of the lanes of learner {}", rank));
    for (const int lane : dealt_[rank]) all[static_cast<std::size_t>(lane)] = reader.text();
    reader.finish();
  }
  return all;
}

LaneSums LearnerLanes::add(std::span<const LaneSums> mine) const {
  if (learners_.size() == 1) return add_lanes(mine);
  std::vector<std::string> bytes;
  for (const LaneSums& sums : mine) {
    ByteWriter writer;
    write_sums(sums, writer);
    bytes.push_back(writer.take());
  }
  std::vector<LaneSums> all;
  for (const std::string& lane : exchange(bytes)) {
    ByteReader reader(lane, "sums of a lane");
    all.push_back(read_sums(reader));
  }
  return add_lanes(std::span<const LaneSums>(all));
}

void write_sums(const LaneSums& sums, ByteWriter& to) {
  to.value(static_cast<std::int64_t>(sums.size()));
  for (const auto& [name, sum] : sums) {
    to.text(name);
    to.value(sum);
  }
}

LaneSums read_sums(ByteReader& from) {
  LaneSums sums;
  const auto count = from.value<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    std::string name = from.text();
    sums.emplace(std::move(name), from.value<double>());
  }
  return sums;
}

}  // namespace pagewright
