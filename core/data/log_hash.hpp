#pragma once
#include <string>

namespace pagewright {

struct FeedbackLog;

/// SHA-256 of a log's requests (id, user, time, ids of the candidates) and pages (id, request, time, slots),
/// in order: the same for the same log however it is cut into parts. For files whose row numbers are those of
/// one log.
std::string log_hash(const FeedbackLog& log);

}  // namespace pagewright
