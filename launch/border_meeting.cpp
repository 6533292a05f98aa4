#include "launch/border_meeting.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ops/empty.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace pagewright {

BorderMeeting::BorderMeeting(Communicator& group, std::vector<std::string> parts,
                             std::function<std::string(int)> name_of)
    : group_(group), parts_(parts.size()), name_of_(std::move(name_of)) {
  if (group.size() > 1) watch_.emplace(group.size(), std::move(parts));
}

bool BorderMeeting::meet(std::int64_t iteration, std::span<const double> seconds, bool asks) {
  require(seconds.size() == parts_, "{} times of {} parts of work", seconds.size(), parts_);
  if (!watch_) return asks;
  const std::size_t row = parts_ + 1;
  at::Tensor own = at::empty({static_cast<std::int64_t>(row)}, at::kDouble);
  at::Tensor all = at::empty({group_.size() * static_cast<std::int64_t>(row)}, at::kDouble);
  double* values = own.mutable_data_ptr<double>();
  values[0] = asks ? 1 : 0;
  std::ranges::copy(seconds, values + 1);
  group_.all_gather(all, own)->wait();

  bool any_asks = false;
  std::vector<double> times;
  const double* next = all.const_data_ptr<double>();
  for (int rank = 0; rank < group_.size(); ++rank, next += row) {
    any_asks = any_asks || next[0] != 0;
    times.insert(times.end(), next + 1, next + row);
  }
  const std::vector<Straggler> stragglers = watch_->observe(iteration, times);
  if (group_.rank() == 0)
    for (const Straggler& straggler : stragglers)
      log_warn(LogTag{"straggler"}, "{}", straggler_text(name_of_(straggler.rank), straggler));
  return any_asks;
}

}  // namespace pagewright
