#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pagewright {

/// The characters and sets of an expression in Oniguruma's syntax, one after the other. What is not supported
/// is an Error that names it and its byte.
class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : in_(pattern) {}

 protected:
  bool at_end() const { return at_ >= in_.size(); }
  char next() const { return in_[at_]; }
  bool next_is(std::string_view text) const { return in_.substr(at_).starts_with(text); }
  [[noreturn]] void refuse(std::size_t length) const;

  char32_t read_character();
  /// \s, \w, \d, their complements and properties, in PCRE2's words; nothing (and nothing read) for another
  /// escape.
  std::optional<std::string> read_set(bool in_class);
  /// The character of an escape such as \n, \x{3042} or \-, after read_set() found no set.
  char32_t read_escape();

  std::string_view in_;
  std::size_t at_ = 0;

 private:
  std::string read_property(bool complement);
  char32_t read_hexadecimal(char kind);
};

}  // namespace pagewright
