#pragma once
#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "rewards/clicks/click_sessions.hpp"
#include "rewards/clicks/clicks_config.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// A feedback log as click models see it: one list a page, in page order; a purchase implies its click.
/// A position is section type, row and column, and the device where requests have one in their context. Rows
/// are counted from the top of the page over all sections, from 0: a carousel or an ad strip is one row, a
/// grid breaks after its columns, any other section after every slot.
struct ClickLog {
  ClickSpace space;
  ClickSessions train, valid;
};

/// The training and validation pages that `gains` learns from.
ClickLog click_log(const FeedbackLog& log, const PageSchema& schema, const GainConfig& gains,
                   ClickDocuments documents);

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
