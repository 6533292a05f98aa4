#pragma once
// The loop of a serving process: lines in, answers out, in the same order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "launch/serving/line_input.hpp"

namespace pagewright {

/// What one line gets: lines of JSON, or the problem that it has instead.
struct LineAnswer {
  std::vector<std::string> lines;
  std::string problem;  ///< empty: none
};

/// Answers lines, several at once. A line that cannot be answered has a problem; an exception is for what
/// concerns all.
class LineAnswerer {
 public:
  virtual ~LineAnswerer() = default;
  /// [lines.size()]
  virtual std::vector<LineAnswer> answer(std::span<const InputLine> lines) = 0;
  /// What to tell on standard error at the end; empty: nothing.
  virtual std::string closing_note() const { return {}; }
};

struct AnswerReport {
  std::int64_t lines = 0;
  std::int64_t bad = 0;  ///< lines that had a problem
  std::int64_t batches = 0;
};

/// Answers until the input ends or a stop is requested; what was read by then is answered. At most `batch`
/// lines are taken at once, those that have arrived: a lone line never waits for others. A problem is
/// answered by
/// {"error": ..., "line": ...} and told on standard error, the first ones. Answers go to `output` as soon as
/// a batch is done. Throws Error if it cannot be written, closed by its reader for instance.
AnswerReport answer_lines(LineInput& input, StopSignal& stop, LineAnswerer& answerer, int batch, int output);

}  // namespace pagewright
