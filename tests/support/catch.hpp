#pragma once
// One include for Catch2 2 (Debian 12) and 3 (Debian 13, Ubuntu 24.04).
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

namespace pagewright::test {

// Test cases of this process that ended in PAGEWRIGHT_SKIP.
inline int skipped_cases = 0;

}  // namespace pagewright::test

// Leaves a test case that cannot run on this machine. A process whose cases were all skipped exits with 77, which
// ctest reports as "Skipped".
#define PAGEWRIGHT_SKIP(reason)           \
  do {                                    \
    WARN("skipped: " << (reason));        \
    ++pagewright::test::skipped_cases;    \
    return;                               \
  } while (false)
