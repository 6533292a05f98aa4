#pragma once
// Which run a checkpoint belongs to.

#include <string>

#include "core/checkpoint/checkpoint_store.hpp"
#include "distributed/flat_parameters.hpp"
#include "launch/experiment.hpp"

namespace pagewright {

/// Every key that decides what the training of a policy learns, with its value in force, and the policy's
/// name. A key that is at what the program did before it had the key is left out, so that checkpoints of
/// older programs go on; a new key needs an entry there.
std::string trained_configuration(const LoadedExperiment& loaded, const std::string& policy);

/// Configuration, page language, arithmetic and frozen weights; `critic` may be null.
RunIdentity run_identity(const LoadedExperiment& loaded, const std::string& policy,
                         const FlatParameters& parameters, const FlatParameters* critic);

}  // namespace pagewright
