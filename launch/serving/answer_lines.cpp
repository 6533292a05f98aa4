#include "launch/serving/answer_lines.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/base/error.hpp"
#include "launch/serving/line_queue.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kMostWaitingBytes = 4 * kMostLineBytes;
constexpr std::size_t kWaitingBatches = 4;
constexpr std::int64_t kMostToldProblems = 20;

void write_answers(int output, std::string_view text, std::int64_t answered) {
  while (!text.empty()) {
    const auto count = ::write(output, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0 || errno != EPIPE,
            "the reader of standard output went away after {} answers; what came later is not answered",
            answered);
    require(count >= 0, "answers cannot be written to standard output, after {} of them: {}", answered,
            std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// Texts of the input may be no UTF-8.
std::string problem_json(const LineInput& input, const InputLine& line, const std::string& problem) {
  const nlohmann::json json = {{"error", problem}, {input.unit(), line.number}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void tell_problem(const LineInput& input, const InputLine& line, const std::string& problem,
                  std::int64_t count) {
  if (count > kMostToldProblems) return;
  fmt::print(stderr, "{}, {} {}: {}\n", input.name(), input.unit(), line.number, problem);
  if (count == kMostToldProblems)
    fmt::print(stderr, "{}: further problems are in the answers alone\n", input.name());
}

}  // namespace

AnswerReport answer_lines(LineInput& input, StopSignal& stop, LineAnswerer& answerer, int batch, int output) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto most = static_cast<std::size_t>(batch);
  LineQueue queue(input, stop, kWaitingBatches * most, kMostWaitingBytes);
  AnswerReport report;
  for (std::vector<InputLine> lines = queue.take(most); !lines.empty(); lines = queue.take(most)) {
    const std::vector<LineAnswer> answers = answerer.answer(lines);
    require(answers.size() == lines.size(), "{} answers for {} lines", answers.size(), lines.size());
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& problem = answers[i].problem;
      if (!problem.empty()) {
        tell_problem(input, lines[i], problem, ++report.bad);
        text += problem_json(input, lines[i], problem) + '\n';
      }
      for (const std::string& line : answers[i].lines) text += line + '\n';
    }
    write_answers(output, text, report.lines);
    report.lines += static_cast<std::int64_t>(lines.size());
    ++report.batches;
  }
  if (const std::string note = answerer.closing_note(); !note.empty()) fmt::print(stderr, "{}\n", note);
  return report;
}

}  // namespace pagewright
