#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include "tests/support/catch.hpp"

namespace pagewright::test {
namespace {

int cases_run = 0;

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

}  // namespace
}  // namespace pagewright::test

int main(int argc, char** argv) {
  const int result = Catch::Session().run(argc, argv);
  const bool all_skipped =
      pagewright::test::cases_run > 0 && pagewright::test::skipped_cases == pagewright::test::cases_run;
  return result == 0 && all_skipped ? 77 : result;
}
