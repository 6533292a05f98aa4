#pragma once
// The requests on which policies are compared, with what the log shows for them.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// One request of a log and the first page shown for it. Points into the log, which must outlive it.
struct EvaluationCase {
  const Request* request = nullptr;
  std::int64_t key = 0;  ///< index into FeedbackLog::requests: the request's key in random numbers
  const LoggedPage* shown = nullptr;

  /// The same list was shown before in the session.
  bool same_list() const { return shown->revisit_of.has_value(); }
};

/// The cases of a split in the order of the log, at most `limit` of them. A request that was shown twice is
/// one case with its first page; a revisit with a request of its own is a case of its own. Requests without a
/// page are left out. Error when nothing is left.
std::vector<EvaluationCase> evaluation_cases(const FeedbackLog& log, Split split,
                                             std::optional<std::size_t> limit = std::nullopt);

/// What a page's feedback says about a request's candidates.
struct Engagement {
  std::vector<double> grades;  ///< [M] 0 where the user did nothing
  std::int32_t target = -1;    ///< candidate for the reciprocal rank, -1 when the user did nothing
  int engaged = 0;             ///< candidates with a grade above 0
};

/// Grade of a candidate: that of the strongest event on it.
struct EngagementGrades {
  double click = 1;
  double cart = 2;
  double purchase = 3;
};

/// Reads the shown page's events. Target is the item of the earliest purchase, else that of the earliest
/// other engagement; equal times keep the order of the log.
Engagement engagement_of(const EvaluationCase& test, const EngagementGrades& grades);

}  // namespace pagewright
