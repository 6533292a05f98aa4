#pragma once
// What a reward worker sends back for one trajectory.

#include <map>
#include <string>
#include <vector>

namespace pagewright {

/// One reward term's say. A page-grained term fills `page`, an item-grained one `slots`; the other stays
/// empty / 0.
struct TermScore {
  std::string name;
  float page_raw = 0;
  float page = 0;                ///< normalised under the reference policy, clipped
  std::vector<float> slots_raw;  ///< [K]
  std::vector<float> slots;      ///< [K] normalised, position-weighted, ready to be added
  /// What else there is to say of the page, by name: its mean over all pages is the metric term.NAME.FIGURE.
  std::map<std::string, float> figures;
};

struct Score {
  std::vector<TermScore> terms;
  float page_reward = 0;                   ///< weighted sum of the page terms: lands on the page end
  std::vector<float> slot_rewards;         ///< [K] weighted sum of the item terms: land on the item tokens
  float format_reward = 0;                 ///< -1 for an invalid page; lands on the last token
  std::vector<float> reference_log_probs;  ///< [T] of the frozen start policy, over the same allowed sets
  std::string invalid_cause;               ///< empty when valid
};

}  // namespace pagewright
