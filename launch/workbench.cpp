#include "launch/workbench.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/data/bind_log.hpp"
#include "core/data/log_file.hpp"
#include "core/numerics/numeric_threads.hpp"

namespace pagewright {

namespace {

std::unique_ptr<FeedbackLog> load_training_log(const Experiment& experiment) {
  auto log = std::make_unique<FeedbackLog>(load_log(experiment.log));
  bind_to_schema(*log, experiment.schema);
  const bool trains = std::any_of(log->pages.begin(), log->pages.end(), [&](const LoggedPage& page) {
    return log->requests[static_cast<std::size_t>(page.request)].split == Split::train;
  });
  require(
      trains,
      "{}: the log has no page of the training split; import one with `pagewright import` or make one with "
      "`pagewright simulate`",
      experiment.log.string());
  return log;
}

}  // namespace

Workbench::Workbench(const ConfigOptions& options, RunUse use)
    : loaded_(options.load()),
      log_(use == RunUse::begin ? load_training_log(loaded_.experiment) : nullptr),
      run_(use == RunUse::begin ? RunFolder::begin(loaded_) : RunFolder::open(loaded_)),
      language_(loaded_.experiment.language()),
      pool_(make_lane_pool(loaded_.experiment.worker_threads())) {}

const FeedbackLog& Workbench::log() {
  if (!log_) log_ = load_training_log(experiment());
  return *log_;
}

}  // namespace pagewright
