#pragma once
// What composing and scoring share: work on each line by itself, with the problems of that line caught.

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/parallel.hpp"
#include "core/iteration/interfaces.hpp"
#include "launch/serving/answer_lines.hpp"

namespace pagewright {

/// The key of a request in random numbers: of its id alone, so that neither the process nor the batch
/// matters.
inline KeyedRequest keyed_by_id(const Request& request) {
  return {&request, static_cast<std::int64_t>(stable_hash(request.id) >> 33)};
}

/// Whether a line still has to be answered.
inline bool is_open(const LineAnswer& answer) {
  return answer.problem.empty() && answer.lines.empty();
}

/// work(i) for each open line, on the pool's threads; an Error becomes the line's problem.
template <class Work>
void on_open_lines(LanePool& pool, std::span<LineAnswer> answers, const Work& work) {
  pool.run(static_cast<int>(answers.size()), [&](int job) {
    const auto index = static_cast<std::size_t>(job);
    if (!is_open(answers[index])) return;
    try {
      work(index);
    } catch (const Error& error) {
      answers[index].problem = error.what();
    }
  });
}

/// work(lines) -> [lines.size()] results for the open lines at once. If that throws an Error, each line is
/// tried by itself, so that the problem is that of its line alone. take(line, result) gets the results.
template <class Work, class Take>
void for_open_lines(std::span<LineAnswer> answers, const Work& work, const Take& take) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (is_open(answers[i])) open.push_back(i);
  const auto give = [&](std::span<const std::size_t> lines) {
    auto results = work(lines);
    for (std::size_t i = 0; i < lines.size(); ++i) take(lines[i], std::move(results[i]));
  };
  try {
    if (!open.empty()) give(open);
    return;
  } catch (const Error& error) {
    if (open.size() == 1) {
      answers[open.front()].problem = error.what();
      return;
    }
  }
  for (const std::size_t& line : open) {
    try {
      give(std::span(&line, 1));
    } catch (const Error& error) {
      answers[line].problem = error.what();
    }
  }
}

}  // namespace pagewright
