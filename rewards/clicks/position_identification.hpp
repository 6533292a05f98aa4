#pragma once
#include <cstddef>
#include <string>

#include "rewards/clicks/click_log.hpp"

namespace pagewright {

/// Whether clicks tell examination from attractiveness.
struct PositionIdentification {
  std::size_t documents = 0;      ///< shown in training
  std::size_t documents_two = 0;  ///< of them at two positions or more
  std::size_t positions = 0;      ///< used in training
  std::size_t groups = 0;         ///< of positions which no document connects
  std::size_t uniform_pages = 0;  ///< training pages of gains.uniform_policy
  /// Only ratios inside a group follow from the clicks, and only if documents move at all.
  bool identified() const { return groups == 1 && documents_two > 0; }
};
PositionIdentification position_identification(const ClickLog& clicks, const FeedbackLog& log,
                                               const GainConfig& gains);

/// What that means, for readers; ends with a line break.
std::string identification_text(const PositionIdentification& found, ClickDocuments documents);

}  // namespace pagewright
