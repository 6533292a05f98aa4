#pragma once
// A reward that a program of the user's computes, in any language: docs/reward-terms.md.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/page/page_schema.hpp"
#include "rewards/terms/external/circuit_breaker.hpp"
#include "rewards/terms/external/external_config.hpp"
#include "rewards/terms/external/line_exchange.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// What became of the pages and batches so far.
struct ExternalCounts {
  std::int64_t pages = 0, answered = 0;
  std::int64_t unusable = 0;         ///< pages with an answer of no use
  std::int64_t unanswered = 0;       ///< pages without one after all attempts
  std::int64_t skipped = 0;          ///< pages that were not asked for: the breaker was open
  std::int64_t failed_attempts = 0;  ///< each ends the program, if it is one
  std::int64_t ignored = 0;          ///< answers that came twice or late
};

/// Page-grained where an answer has `page`, item-grained where it has `slots`; numbers are clipped. Each page
/// has the figures `fallback` (1 if it got the fallback) and `clipped` (1 if a number was cut).
///
/// A batch is asked for up to 1 + retries times, each time only the pages that wait. A page whose answer is
/// unusable is not asked for again, so that what it earns does not depend on the pages beside it.
class ExternalTerm : public RewardTerm {
 public:
  /// Starts the program. Throws Error if it cannot be started. `schema` must outlive the term.
  ExternalTerm(std::string name, const PageSchema& schema, ExternalConfig config);
  ~ExternalTerm() override;
  std::string name() const override { return name_; }
  /// Throws Error if a page has no usable answer and there is no fallback.
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

  const ExternalCounts& counts() const { return counts_; }

 private:
  struct Ask;
  void ask_batch(std::span<const Ask> batch, std::vector<TermScore>& scores);
  /// True if an exchange settled every page.
  bool attempt(std::span<const Ask> batch, AnswerBook& book);
  void try_until_settled(std::span<const Ask> batch, AnswerBook& book);
  TermScore to_score(const PageAnswer& answer, bool asked);
  void note_failure(const std::string& text);

  std::string name_;
  const PageSchema& schema_;
  ExternalConfig config_;
  std::unique_ptr<LineExchange> exchange_;
  CircuitBreaker breaker_;
  ExternalCounts counts_;
  std::int64_t next_id_ = 0;
  std::string last_failure_;
};

}  // namespace pagewright
