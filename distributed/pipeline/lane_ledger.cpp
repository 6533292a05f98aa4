#include "distributed/pipeline/lane_ledger.hpp"

#include <string>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"

namespace pagewright {

void LaneLedger::draw(std::int64_t pages) {
  for (LaneAccount& lane : own_) {
    lane.drawn += pages;
    lane.waiting += pages;
  }
}

void LaneLedger::move_waiting(std::int64_t LaneAccount::*to, std::int64_t pages) {
  for (LaneAccount& lane : own_) {
    lane.*to += pages;
    lane.waiting -= pages;
  }
}

void LaneLedger::measure(std::int64_t pages) {
  move_waiting(&LaneAccount::measured, pages);
}

void LaneLedger::drop(std::int64_t pages) {
  move_waiting(&LaneAccount::dropped, pages);
}

void LaneLedger::learn(const std::vector<std::int64_t>& pages) {
  require(pages.size() == own_.size(), "an update of {} lanes on a rank that has {}", pages.size(),
          own_.size());
  for (std::size_t lane = 0; lane < own_.size(); ++lane) {
    own_[lane].learnt += pages[lane];
    own_[lane].waiting -= pages[lane];
  }
}

void LaneLedger::check() const {
  std::vector<std::string> bytes;
  for (const LaneAccount& lane : own_) {
    ByteWriter writer;
    writer.value(lane);
    bytes.push_back(writer.take());
  }
  std::vector<LaneAccount> all;
  for (const std::string& lane : lanes_.exchange(bytes))
    all.push_back(ByteReader(lane, "account of a lane").value<LaneAccount>());
  for (std::size_t lane = 0; lane < all.size(); ++lane) {
    const LaneAccount& a = all[lane];
    require(a.waiting >= 0 && a.drawn == a.learnt + a.measured + a.dropped + a.waiting && a == all.front(),
            "lane {}: of {} pages drawn, {} were learnt, {} measured, {} dropped and {} are under way; lane "
            "0: {}, {}, {}, {}, {}",
            lane, a.drawn, a.learnt, a.measured, a.dropped, a.waiting, all.front().drawn, all.front().learnt,
            all.front().measured, all.front().dropped, all.front().waiting);
  }
}

}  // namespace pagewright
