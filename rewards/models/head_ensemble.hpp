#pragma once
// Several heads on one backbone, whose disagreement says how sure a reward model is.
//
// Note [Head ensembles]
// The heads of a model exist k times; the backbone is shared. Each member begins at random values of its own
// and learns from the users of the log with weights of its own, drawn from the exponential distribution
// (the Bayesian bootstrap, Rubin 1981, by user, since the pages of a user are not independent). The loss is
// the mean of the members' losses. A score is the mean over members, its uncertainty u their standard
// deviation, s = sqrt(sum_h (x_h - mean)^2 / (k - 1)). Since the backbone is shared, u is what the last layer
// does not agree on: a lower bound of what the model does not know. (Bootstrapped heads: Osband, Blundell,
// Pritzel and Van Roy 2016.)

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/page/request.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {

/// Name of a head of member 0, 1, ...: the head's own name, then "NAME_2", "NAME_3", ...
std::string member_head(std::string_view head, int member);
/// All heads of all members.
std::vector<std::string> ensemble_heads(std::span<const std::string> heads, int members);
/// How many members the model has of a head.
int ensemble_size(const ModelConfig& config, std::string_view head);

/// Gives the weights of all scalar heads normal values of standard deviation 1 / sqrt(3 dim), keyed by (seed,
/// name): members that began alike would differ by their weights of users alone.
void start_member_heads(FlatParameters& parameters, std::uint64_t seed);

/// Weight of a user's pages for a member, exponential with mean 1: a pure function of its arguments.
double bootstrap_weight(std::uint64_t seed, int member, std::string_view user);
/// The user of a request, or the request itself where no user is known.
std::string_view user_key(const Request& request);

/// Weight of a request in the loss of one of `members` members: the mean over members, and with `resample`
/// each weighs users by bootstrap_weight(). 1 for one member.
double member_weight(const Request& request, std::uint64_t seed, std::size_t member, std::size_t members,
                     bool resample);

/// Mean and standard deviation over members, each member's values being [n]; of one member no deviation.
struct MemberMoments {
  at::Tensor mean;    ///< [n]
  at::Tensor spread;  ///< [n]; undefined for one member
};
MemberMoments member_moments(std::span<const at::Tensor> members);

/// Parts of the standard deviation of a sum: cov(part, sum) / sd(sum) over members, which add up to sd(sum)
/// (Euler's theorem for functions of degree one). `parts` are [k][n], `sums` [k][n] the sum that each part
/// belongs to; 0 where members agree.
at::Tensor spread_parts(std::span<const at::Tensor> parts, std::span<const at::Tensor> sums);

}  // namespace pagewright
