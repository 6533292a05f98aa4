#pragma once
#include "core/base/error.hpp"

namespace pagewright {

/// Ends the program with kCode: the work was asked to stop, is saved, and can go on. Slurm scripts put it
/// back into the queue.
class Requeue : public Error {
 public:
  static constexpr int kCode = 75;  ///< EX_TEMPFAIL of sysexits.h
  using Error::Error;
};

}  // namespace pagewright
