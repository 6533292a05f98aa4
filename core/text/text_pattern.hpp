#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// A part of a text, in bytes, that a pattern matches or that lies between two matches.
struct PatternSpan {
  std::size_t begin = 0, end = 0;
  bool is_match = false;
};

/// What a Split or Replace of a tokenizer.json looks for. Immutable, cheap to copy; threads may search at
/// once.
class TextPattern {
 public:
  /// A regular expression in Oniguruma's syntax (oniguruma_pattern.hpp), matched by PCRE2 with the characters
  /// of unicode_tables.hpp, whatever Unicode version PCRE2 has. Throws Error for what is not supported.
  static TextPattern regex(std::string_view pattern);
  /// A text as it is; not empty.
  static TextPattern literal(std::string text);

  /// The spans of all matches and of what lies between them, which cover the text; leftmost matches that do
  /// not overlap, as Oniguruma's search finds them one after the other. `text` is valid UTF-8.
  void find(std::string_view text, std::vector<PatternSpan>& spans) const;

 private:
  struct Impl;
  explicit TextPattern(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace pagewright
