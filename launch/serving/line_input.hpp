#pragma once
// Where the lines that a serving process answers come from: a file, a file that is one JSON document, or a
// stream.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "launch/serving/stop_signal.hpp"

namespace pagewright {

/// One thing to answer: a line, or an element of a JSON array.
struct InputLine {
  std::string text;
  std::int64_t number = 0;  ///< from 1, blank lines counted
  std::string problem;      ///< why there is no text, if there is none
};

/// Longer lines are answered by an error, and not kept in memory.
inline constexpr std::size_t kMostLineBytes = std::size_t{16} << 20;

class LineInput {
 public:
  virtual ~LineInput() = default;
  /// The next line that is not blank; false at the end, or when a stop was requested. Error if it cannot be
  /// read.
  virtual bool next(InputLine& line) = 0;
  /// What messages call it: "standard input", or the file.
  virtual std::string name() const = 0;
  /// What `number` counts: "line" or "element".
  virtual const char* unit() const { return "line"; }
};

/// Lines of a descriptor, which stays open, given as soon as they have arrived. `most_bytes` bounds a line. A
/// last line without an end counts, unless a stop cut it off. `stop` must outlive it.
std::unique_ptr<LineInput> descriptor_lines(int descriptor, std::string name, const StopSignal& stop,
                                            std::size_t most_bytes = kMostLineBytes);

/// An empty path or "-" is standard input, line by line. A regular file whose first line does not hold a
/// whole JSON value but could begin one (it ends in an opening bracket, a comma or a colon), or holds a whole
/// array, is one JSON document: an object, or an array of which each element is a line. Other files are JSON
/// Lines; a name that ends in ".xz" is unpacked. Throws Error naming the file.
std::unique_ptr<LineInput> open_line_input(const std::filesystem::path& file, const StopSignal& stop);

}  // namespace pagewright
