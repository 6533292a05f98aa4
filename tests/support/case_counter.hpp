#pragma once
// For the one file of an executable that has its main: whether all test cases that ran were skipped.
#include "tests/support/catch.hpp"

namespace pagewright::test {

inline constexpr int kSkipped = 77;  ///< exit code that ctest reports as "Skipped"

inline int cases_run = 0;

#if __has_include(<catch2/catch_all.hpp>)
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class CaseCounter : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;
  void testCaseEnded(Catch::TestCaseStats const&) override { ++cases_run; }
};

CATCH_REGISTER_LISTENER(CaseCounter)

inline bool all_cases_skipped() {
  return cases_run > 0 && skipped_cases == cases_run;
}

}  // namespace pagewright::test
