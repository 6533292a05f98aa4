#pragma once
// The pages of a batch, and what an external reward answered for each.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// What was said of one page.
struct PageAnswer {
  enum class State { waiting, answered, unusable } state = State::waiting;
  double page = 0;
  std::vector<double> slots;  ///< [K] or empty
  std::string trouble;        ///< why it is unusable
};

/// An answer is one line of JSON: {"id": 7, "page": 0.5}, {"id": 7, "slots": [0.1, 0]}, or both; other keys
/// are left alone. Lines may come in any order. The first answer for a page counts.
class AnswerBook {
 public:
  /// `slots[p]` is K of page p.
  explicit AnswerBook(std::vector<std::size_t> slots);

  /// Begins an attempt: the pages that wait get the ids from `first_id` on, in order. Returns them.
  std::vector<std::size_t> ask(std::int64_t first_id);
  /// Takes a line. An answer that belongs to a page of this attempt but is of no use (no number, not finite,
  /// another number of slots) settles the page as unusable; one for a page that has an answer, or of an
  /// earlier attempt, is ignored. Throws Error for a line that belongs to no page.
  void take(std::string_view line);

  /// No page of the batch waits.
  bool settled() const { return waiting_ == 0; }
  std::size_t waiting() const { return waiting_; }
  std::int64_t ignored() const { return ignored_; }
  const std::vector<PageAnswer>& answers() const { return answers_; }

 private:
  std::vector<std::size_t> slots_;
  std::vector<PageAnswer> answers_;
  std::vector<std::size_t> asked_;
  std::int64_t first_id_ = 0;
  std::size_t waiting_ = 0;
  std::int64_t ignored_ = 0;
};

/// The beginning of a text that others wrote, in quotes, fit to be printed.
std::string quote_foreign(std::string_view text, std::size_t most = 160);

}  // namespace pagewright
