#pragma once
// Trajectories and scores as bytes, and one lane's pages of an iteration as a message.

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/iteration/score.hpp"
#include "core/iteration/trajectory.hpp"
#include "core/page/page_language.hpp"
#include "distributed/communicator.hpp"

namespace pagewright {

std::string pack_trajectories(std::span<const Trajectory> trajectories);
/// Pages and spans are decoded again from the tokens. Throws Error if the bytes make no sense.
std::vector<Trajectory> unpack_trajectories(const PageLanguage& language, std::string_view bytes);
std::string pack_scores(std::span<const Score> scores);
/// Reads those of older programs too, which checkpoints may hold. Throws Error if the bytes make no sense.
std::vector<Score> unpack_scores(std::string_view bytes);

/// What travels from rank to rank for one lane of an iteration.
struct LaneMessage {
  static constexpr std::int64_t kEnd = -1;
  std::int64_t iteration = kEnd;  ///< kEnd: no more messages in this lane
  std::string trajectories;       ///< packed
  std::string scores;             ///< packed; empty before the pages are scored
};

/// Sends lane messages without waiting for their receivers, up to `credits` of them; then it waits for the
/// oldest. So a worker cannot flood another, and cannot run ahead of it by more.
class LaneOutbox {
 public:
  /// `world` must outlive it.
  LaneOutbox(Communicator& world, std::size_t credits);
  void send(int to, int lane, const LaneMessage& message);
  /// Waits until everything has left.
  void drain();

 private:
  struct InFlight {
    std::unique_ptr<Work> lengths, bytes;
  };
  void finish_oldest();

  Communicator& world_;
  std::size_t credits_;
  std::deque<InFlight> in_flight_;
};

/// The next message of the lane from that rank; waits for it.
LaneMessage receive_lane(Communicator& world, int from, int lane);

}  // namespace pagewright
