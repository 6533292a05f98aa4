#pragma once
#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "rewards/clicks/click_sessions.hpp"
#include "rewards/clicks/clicks_config.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// What of a log click models see.
struct ClickView {
  ClickDocuments documents = ClickDocuments::item;
  ClickPages pages = ClickPages::all;
  bool held_out_only = false;  ///< no training pages: to judge a model with, not to fit one
  /// Of features of documents, as another log has them. Empty: those that this log has are scaled to mean 0
  /// and standard deviation 1 over training slots. What is not known of a document counts as the mean.
  std::vector<FeatureScale> scales = {};
};

/// A feedback log as click models see it: one list a page, in page order; a cart and a purchase imply
/// their click.
/// A position is section type, row and column, and the device where requests have one in their context. Rows
/// are counted from the top of the page over all sections, from 0: a carousel or an ad strip is one row, a
/// grid breaks after its columns, any other section after every slot.
struct ClickLog {
  ClickView view;  ///< with the scales of the space's features
  ClickSpace space;
  ClickSessions train, valid;
  /// Indices into FeedbackLog::pages of the sessions.
  std::vector<std::int64_t> train_pages, valid_pages;
};

/// The training and validation pages that `gains` learns from. With ClickDocuments::features every shown slot
/// is a document of its own, described by candidate_signals() and the candidates' free features. Throws Error
/// if `scales` has a feature that this program does not make.
ClickLog click_log(const FeedbackLog& log, const PageSchema& schema, const GainConfig& gains,
                   const ClickView& view);

}  // namespace pagewright
