#include "launch/workbench.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/bind_log.hpp"
#include "core/data/log_file.hpp"
#include "core/numerics/numeric_threads.hpp"

namespace pagewright {

Workbench::Workbench(const ConfigOptions& options)
    : loaded_(options.load()),
      run_(RunFolder::open(loaded_)),
      language_(loaded_.experiment.language()),
      pool_(make_lane_pool(loaded_.experiment.worker_threads())) {}

const FeedbackLog& Workbench::log() {
  if (!log_) {
    auto log = std::make_unique<FeedbackLog>(load_log(experiment().log));
    bind_to_schema(*log, experiment().schema);
    const bool trains = std::any_of(log->pages.begin(), log->pages.end(), [&](const LoggedPage& page) {
      return log->requests[static_cast<std::size_t>(page.request)].split == Split::train;
    });
    require(
        trains,
        "{}: the log has no page of the training split; import one with `pagewright import` or make one with "
        "`pagewright simulate`",
        experiment().log.string());
    log_ = std::move(log);
  }
  return *log_;
}

}  // namespace pagewright
