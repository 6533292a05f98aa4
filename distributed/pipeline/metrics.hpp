#pragma once
// Figures of one iteration.

#include <map>
#include <string>

namespace pagewright {

/// By name, in the order of names. What depends on the clock or the machine (times, bytes, memory) is kept
/// elsewhere: metrics are part of the state that two equal runs share.
using Metrics = std::map<std::string, double>;

}  // namespace pagewright
