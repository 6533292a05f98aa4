#pragma once
// One include for Catch2 2 (Debian 12) and 3 (Debian 13, Ubuntu 24.04).

// libtorch has a CHECK of its own that ends the process; included later it would silently take the place of
// Catch2's.
#if __has_include(<c10/util/Logging.h>)
#include <c10/util/Logging.h>
#undef CHECK
#define PAGEWRIGHT_TEST_WITH_LIBTORCH
#endif

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#ifdef PAGEWRIGHT_TEST_WITH_LIBTORCH
#include <map>
#include <set>
#include <utility>
#include <vector>

// libtorch gives these an operator<< even where their elements have none; Catch2 prints them by itself.
namespace Catch::Detail {

template <class... Types>
class IsStreamInsertable<std::vector<Types...>> : public std::false_type {};
template <class... Types>
class IsStreamInsertable<std::map<Types...>> : public std::false_type {};
template <class... Types>
class IsStreamInsertable<std::set<Types...>> : public std::false_type {};
template <class... Types>
class IsStreamInsertable<std::pair<Types...>> : public std::false_type {};

}  // namespace Catch::Detail
#endif

namespace pagewright::test {

// Test cases of this process that ended in PAGEWRIGHT_SKIP.
inline int skipped_cases = 0;

}  // namespace pagewright::test

// Leaves a test case that cannot run on this machine. A process whose cases were all skipped exits with 77,
// which ctest reports as "Skipped".
#define PAGEWRIGHT_SKIP(reason)        \
  do {                                 \
    WARN("skipped: " << (reason));     \
    ++pagewright::test::skipped_cases; \
    return;                            \
  } while (false)
