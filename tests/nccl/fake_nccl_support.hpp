#pragma once
// NCCL and CUDA events in the place of the real ones for this executable, so that what happens around them is
// tested without a device.

#include <string>
#include <vector>

#include <nccl.h>

namespace pagewright::test {

/// How they behave, and what was called of them.
struct FakeNccl {
  int questions_in_progress = 0;     ///< answered "in progress" after each call before `state` is told
  ncclResult_t state = ncclSuccess;  ///< of the communicator
  bool event_reached = true;         ///< the device has done everything
  std::vector<std::string> calls;    ///< but for questions, in order

  int questions_left = 0;
  int count(const std::string& call) const;
};

/// A new one for a test case.
FakeNccl& reset_fake_nccl();

}  // namespace pagewright::test
