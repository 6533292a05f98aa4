#pragma once
// The pages of an iteration on disk, with what they earned: to see what a policy composed while it learnt.

#include <cstdint>
#include <filesystem>

#include "distributed/pipeline/experience.hpp"

namespace pagewright {

/// Writes the pages of an iteration, after credit, into one HDF5 file that appears whole or not at all; a
/// file of that name is replaced. Attributes `format` ("pagewright-rollouts"), `format_version`, `iteration`,
/// `pages`. Arrays, P pages of T_p tokens and K_p slots, request by request and sample by sample:
///   pages/request (strings), pages/invalid_cause (strings), pages/sample, pages/policy_version,
///   pages/reward (all terms, without KL), pages/page_reward, pages/format_reward            [P]
///   pages/token_offsets, pages/slot_offsets                                                  [P + 1]
///   tokens/id, tokens/log_prob (behaviour), tokens/old_log_prob, tokens/reference_log_prob,
///   tokens/value, tokens/advantage, tokens/return                                            [sum T_p]
///   slots/item (strings), slots/candidate, slots/section, slots/token, slots/reward          [sum K_p]
///   terms/NAME/page_raw [P], terms/NAME/slots_raw [sum K_p]   a reward term before normalisation; the second
///                                                             only for terms that judge slots
/// Throws Error if the file cannot be written.
void write_rollouts(const std::filesystem::path& path, std::int64_t iteration, const Experience& experience);

}  // namespace pagewright
