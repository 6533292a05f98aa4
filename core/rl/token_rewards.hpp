#pragma once
// Where the rewards of a page land on its tokens.

#include <span>
#include <vector>

#include "core/iteration/score.hpp"
#include "core/iteration/trajectory.hpp"

namespace pagewright {

/// per_item: item rewards on the item tokens, page reward on the page end. per_section: the item rewards of a
/// section on its end. terminal: all on the page end.
enum class CreditPlacement { per_item, per_section, terminal };

/// Rewards of the trajectory's tokens, [T]: item and page rewards as `placement` says, the format reward on
/// the last token, and -kl_coefficient * kl[t] on every token (`kl` is [T], or empty for none). A page that
/// was cut off lacks ends of page and section: its last token stands for them. The sum over tokens without KL
/// is page_reward + sum of slot_rewards + format_reward in every placement.
std::vector<double> token_rewards(const Trajectory& trajectory, const Score& score, CreditPlacement placement,
                                  double kl_coefficient = 0, std::span<const double> kl = {});

}  // namespace pagewright
