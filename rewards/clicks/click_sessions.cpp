#include "rewards/clicks/click_sessions.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/error.hpp"

namespace pagewright {

int last_click(const ClickSession& session) {
  for (std::size_t k = session.size(); k-- > 0;)
    if (session.clicks[k]) return static_cast<int>(k);
  return -1;
}

void ClickSessions::add(std::span<const int> documents, std::span<const int> positions,
                        std::span<const int> rows, std::span<const std::uint8_t> clicks) {
  require(!clicks.empty(), "click sessions: a list has no slot");
  require(
      documents.size() == clicks.size() && positions.size() == clicks.size() && rows.size() == clicks.size(),
      "click sessions: {} documents, {} positions, {} rows and {} clicks are not one list", documents.size(),
      positions.size(), rows.size(), clicks.size());
  documents_.insert(documents_.end(), documents.begin(), documents.end());
  positions_.insert(positions_.end(), positions.begin(), positions.end());
  rows_.insert(rows_.end(), rows.begin(), rows.end());
  clicks_.insert(clicks_.end(), clicks.begin(), clicks.end());
  offsets_.push_back(clicks_.size());
  longest_ = std::max(longest_, static_cast<int>(clicks.size()));
}

void ClickSessions::add_list(std::span<const int> documents, std::span<const std::uint8_t> clicks) {
  std::vector<int> ranks(clicks.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  add(documents, ranks, std::vector<int>(clicks.size(), 0), clicks);
}

ClickSession ClickSessions::operator[](std::size_t session) const {
  const std::size_t begin = offsets_[session], count = offsets_[session + 1] - begin;
  return {std::span(documents_).subspan(begin, count), std::span(positions_).subspan(begin, count),
          std::span(rows_).subspan(begin, count), std::span(clicks_).subspan(begin, count)};
}

ClickSpace list_space(int documents, int ranks) {
  ClickSpace space;
  for (int d = 0; d < documents; ++d) space.documents.push_back(std::to_string(d));
  for (int k = 0; k < ranks; ++k) space.positions.push_back(std::to_string(k));
  space.ranks = ranks;
  return space;
}

}  // namespace pagewright
