#pragma once
// Feedback logs for tests.

#include <cstdint>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// A log with every field in use and every optional field both present and absent, different for every seed.
FeedbackLog random_test_log(std::uint64_t seed, int requests);
/// The log that lies in tests/data/log-v1.
FeedbackLog version_1_log();

}  // namespace pagewright
