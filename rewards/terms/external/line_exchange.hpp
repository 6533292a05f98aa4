#pragma once
// How lines reach an external reward and its answers come back.

#include <string_view>

#include "rewards/terms/external/answer_book.hpp"

namespace pagewright {

class LineExchange {
 public:
  virtual ~LineExchange() = default;
  /// Sends the lines of an attempt and takes answers into `book` until no page waits. Throws Error that says
  /// why some still wait; the answers that came before stay in the book. Returns within `deadline` seconds,
  /// those of a start aside.
  virtual void exchange(std::string_view lines, AnswerBook& book, double deadline) = 0;
};

}  // namespace pagewright
