#pragma once
// Sessions of the OTTO recommender data set, which say what was touched but not what was shown.

#include <cstdint>
#include <memory>

#include "core/data/split_rule.hpp"

namespace pagewright {

class LogImporter;

/// Of pages that the importer puts together: nobody was shown them.
inline constexpr const char* kAssembledPolicy = "assembled";

struct OttoOptions {
  int history = 20;            ///< last actions before the cut that are kept
  int least_later = 1;         ///< fewest new items that must follow the cut
  int candidates = 20;         ///< at most; up to half of them are items that the session goes on to touch
  int slots = 10;              ///< of the page, at most
  std::uint64_t seed = 1;      ///< of cuts, draws and orders
  int pool_sessions = 200000;  ///< sessions from which other items are drawn
  /// Error that says what does not fit.
  void validate() const;
};

/// One JSON object a session (core/data/otto_session.hpp), read twice: first for two SessionPools of each
/// file, of all sessions and of the training sessions by `split`, the import's own rule.
///
/// Note [Assembled pages]
/// A session is cut before an action drawn uniformly among those that leave an action before the cut and
/// `least_later` items after it that the session had not touched before. What came before is the history.
/// Candidates are the first of these new items, and as many of the pool as fill `candidates`; items that the
/// session touches anywhere are never drawn. Pages of training are filled from training sessions alone, so
/// that what held-out users go on to is not learnt as what nobody wants; held-out pages from all. Items of
/// the history that are touched again are no candidates: no drawn item is in the history, so that being in it
/// would give the answer away. Candidates stand in a random order. The page is a uniformly random ordered
/// choice of them by the policy `assembled`, whose slot given prefix has the propensity 1 / (candidates -
/// slots above). Its feedback are the clicks, carts and orders after the cut on the items it holds.
/// Everything is a function of seed, session id and file.
///
/// So rates by slot are flat by construction. Such a log teaches which item goes on a session, nothing about
/// positions or pages, and metrics over drawn candidates can order models otherwise than metrics over all
/// items (Krichene and Rendle 2020, "On sampled metrics for item recommendation").
std::unique_ptr<LogImporter> make_otto_importer(const OttoOptions& options, const SplitRule& split);

}  // namespace pagewright
