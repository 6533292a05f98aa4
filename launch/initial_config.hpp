#pragma once
// A first configuration for a log nobody has trained on yet.

#include <string>

#include "core/data/log_summary.hpp"

namespace pagewright {

struct InitialPaths {
  std::string run;  ///< run folder to be
  std::string log;  ///< folder of the log
};

/// A commented experiment that `pagewright train` takes: the schema holds the sections and slot ranges seen
/// in the log, the prompt the fields that the log has, with table sizes and bucket ranges from its numbers.
/// Error if the log lacks what a training needs.
std::string initial_config(const LogSummary& summary, const InitialPaths& paths);

}  // namespace pagewright
