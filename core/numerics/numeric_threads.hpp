#pragma once
// How numeric work uses threads, in one place: lanes run side by side, each on one thread.

#include <functional>
#include <memory>
#include <string>

#include "core/base/parallel.hpp"

namespace pagewright {

/// One intra-op thread for libtorch's operators on the calling thread: with more of them sums are split by
/// their number, and lanes side by side are faster anyhow.
void use_one_numeric_thread();

/// A pool whose workers, like the calling thread from now on, use one numeric thread each. `thread_init` runs
/// in each worker before its first job.
std::unique_ptr<LanePool> make_lane_pool(int threads, const std::function<void()>& thread_init = {});

/// SHA-256 over the results of a matrix product, exp, softmax and AdamW on fixed inputs, and over the names
/// of the instruction set and of libtorch's version. Machines with equal fingerprints are expected to give
/// equal bits; after a change between a checkpoint and its continuation they will differ.
std::string numeric_fingerprint();

}  // namespace pagewright
