#pragma once
// JSON Lines over a pipe to a program of the user's.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "rewards/terms/external/child_process.hpp"
#include "rewards/terms/external/line_exchange.hpp"

namespace pagewright {

/// The program is started once and answers line by line until its input ends. Whatever goes wrong ends it;
/// the next exchange starts it again. Its standard error is read all the time, and its last lines are in the
/// Error.
class ProgramExchange final : public LineExchange {
 public:
  /// Starts the program. `startup`: seconds that an exchange after a start may take beside its deadline.
  ProgramExchange(std::vector<std::string> argv, double startup);
  void exchange(std::string_view lines, AnswerBook& book, double deadline) override;

  int starts() const { return starts_; }
  /// Nothing if it does not run now.
  const ChildProcess* process() const { return process_.get(); }

 private:
  using Clock = std::chrono::steady_clock;
  void start();
  void talk(std::string_view lines, AnswerBook& book, Clock::time_point until);
  /// Sends what fits into the pipe; returns how much.
  std::size_t send(std::string_view lines);
  /// False at the end of the output.
  bool receive(AnswerBook& book);
  void drain_errors();
  /// Ends the program; what became of it, and its last words.
  std::string last_words();

  std::vector<std::string> argv_;
  double startup_;
  std::unique_ptr<ChildProcess> process_;
  bool fresh_ = false;  ///< has not answered since its start
  int starts_ = 0;
  std::string output_;  ///< an unfinished line
  std::string errors_;  ///< the newest part of its standard error
};

}  // namespace pagewright
