#include "core/text/oniguruma_pattern.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

constexpr std::string_view kGeneralCategories[] = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc",
                                                   "Me", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd", "Ps",
                                                   "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So",
                                                   "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Co", "Cn"};
constexpr std::string_view kWordItems = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Outside of a class Oniguruma takes words below U+0100 from Latin-1, where these are among them.
constexpr std::string_view kLatinWordItems =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";
constexpr std::string_view kSpaceItems = R"(\t-\r\x{85}\p{Z})";
// Texts of two letters that are the case folding of one character, a match that PCRE2 does not make.
constexpr std::string_view kFoldedPairs[] = {"ff", "fi", "fl", "st", "ss"};

/// One pass over the expression; groups are on a stack.
class PatternTranslator {
 public:
  explicit PatternTranslator(std::string_view pattern) : in_(pattern) {}

  TranslatedPattern run() {
    if (in_.starts_with("(?i)")) {
      caseless_ = {true};
      emit("(?i)");
      at_ = 4;
    }
    while (at_ < in_.size()) item();
    require(caseless_.size() == 1, "a parenthesis is not closed");
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(std::size_t length) const {
    fail("'{}' at byte {} is not supported", in_.substr(at_, length), at_);
  }
  void emit(std::string_view text) { result_.text += text; }
  bool caseless() const { return caseless_.back(); }
  bool next_is(std::string_view text) const { return in_.substr(at_).starts_with(text); }

  void item() {
    switch (in_[at_]) {
      case '(':
        open_group();
        return;
      case ')':
        require(caseless_.size() > 1, "a parenthesis closes none");
        caseless_.pop_back();
        take(1, ")");
        quantifier();
        return;
      case '|':
        previous_ = 0;
        take(1, "|");
        return;
      case '[':
        previous_ = 0;
        character_class();
        quantifier();
        return;
      case '.':
        previous_ = 0;
        take(1, R"([^\n])");
        quantifier();
        return;
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
        refuse(1);
      default:
        single();
        quantifier();
    }
  }

  void take(std::size_t length, std::string_view text) {
    at_ += length;
    emit(text);
  }

  void open_group() {
    previous_ = 0;
    struct Opening {
      std::string_view in, out;
      bool caseless;
    };
    static constexpr Opening kOpenings[] = {
        {"(?:", "(?:", false},   {"(?i:", "(?i:", true},  {"(?=", "(?=", false}, {"(?!", "(?!", false},
        {"(?<=", "(?<=", false}, {"(?<!", "(?<!", false}, {"(?>", "(?>", false}};
    for (const Opening& opening : kOpenings)
      if (next_is(opening.in)) {
        caseless_.push_back(caseless() || opening.caseless);
        take(opening.in.size(), opening.out);
        return;
      }
    if (next_is("(?") || next_is("(*")) refuse(4);
    caseless_.push_back(caseless());
    take(1, "(?:");
  }

  /// A literal or an escape outside of a class.
  void single() {
    if (in_[at_] != '\\') {
      literal(read_character());
      return;
    }
    if (const auto set = read_set(false)) {
      previous_ = 0;
      emit(*set);
    } else {
      literal(read_escape());
    }
  }

  void literal(char32_t c) {
    if (caseless()) {
      require(c < 0x80, "characters beyond ASCII in a part that ignores case are not supported");
      const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      const std::string pair{previous_, lower};
      require(std::find(std::begin(kFoldedPairs), std::end(kFoldedPairs), pair) == std::end(kFoldedPairs),
              "'{}' in a part that ignores case is not supported: one character may stand for both", pair);
      previous_ = lower;
    }
    name(c, c);
    emit(escaped(c));
  }

  void name(char32_t first, char32_t last) {
    if (last >= 0x80) result_.named.push_back({first, last});
  }

  static std::string escaped(char32_t c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == ' ' || c == '\'' || c == '_';
    return plain ? std::string(1, static_cast<char>(c))
                 : fmt::format("\\x{{{:x}}}", static_cast<std::uint32_t>(c));
  }

  char32_t read_character() {
    const char32_t c = code_point_at(in_, at_);
    at_ += utf8_length(in_[at_]);
    return c;
  }

  /// \s, \w, \d, their complements and properties, in PCRE2's words; nothing (and nothing read) for another
  /// escape.
  std::optional<std::string> read_set(bool in_class) {
    require(at_ + 1 < in_.size(), "it ends in a backslash");
    const char kind = in_[at_ + 1];
    const auto spelled = [&](std::string_view items, bool complement) {
      if (in_class && complement) refuse(2);
      at_ += 2;
      return in_class ? std::string(items) : fmt::format("[{}{}]", complement ? "^" : "", items);
    };
    switch (kind) {
      case 's':
        return spelled(kSpaceItems, false);
      case 'S':
        if (!in_class) return spelled(kSpaceItems, true);
        at_ += 2;
        return R"(\S\x{180e})";  // which PCRE2 counts as a space, Unicode no more
      case 'w':
        return spelled(in_class ? kWordItems : kLatinWordItems, false);
      case 'W':
        return spelled(kLatinWordItems, true);
      case 'd':
        at_ += 2;
        return R"(\p{Nd})";
      case 'D':
        at_ += 2;
        return R"(\P{Nd})";
      case 'p':
      case 'P':
        return read_property(kind == 'P');
      default:
        return std::nullopt;
    }
  }

  std::string read_property(bool complement) {
    const std::size_t close = in_.find('}', at_);
    if (close == std::string_view::npos || at_ + 2 >= in_.size() || in_[at_ + 2] != '{') refuse(3);
    std::string_view property = in_.substr(at_ + 3, close - at_ - 3);
    if (property.starts_with('^')) {
      complement = !complement;
      property.remove_prefix(1);
    }
    const bool category = std::find(std::begin(kGeneralCategories), std::end(kGeneralCategories), property) !=
                          std::end(kGeneralCategories);
    if (!category && property != "Han") refuse(close + 1 - at_);
    at_ = close + 1;
    return fmt::format("\\{}{{{}{}}}", complement ? 'P' : 'p', category ? "" : "sc:", property);
  }

  /// The character of an escape such as \n, \x{3042} or \-.
  char32_t read_escape() {
    const char kind = in_[at_ + 1];
    static constexpr std::pair<char, char32_t> kControls[] = {{'n', 0xA}, {'t', 0x9}, {'r', 0xD}, {'f', 0xC},
                                                              {'v', 0xB}, {'a', 0x7}, {'e', 0x1B}};
    for (const auto& [name, c] : kControls)
      if (kind == name) {
        at_ += 2;
        return c;
      }
    if (kind == 'x' || kind == 'u') return read_hexadecimal(kind);
    const bool is_letter_or_digit =
        (kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z') || (kind >= '0' && kind <= '9');
    if (is_letter_or_digit) refuse(2);
    ++at_;
    return read_character();
  }

  char32_t read_hexadecimal(char kind) {
    const bool braces = kind == 'x' && at_ + 2 < in_.size() && in_[at_ + 2] == '{';
    std::size_t begin = at_ + (braces ? 3 : 2);
    const std::size_t wanted = braces ? 6 : kind == 'u' ? 4 : 2;
    std::size_t end = begin;
    char32_t value = 0;
    for (; end < in_.size() && end - begin < wanted; ++end) {
      const char c = in_[end];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      value = value * 16 + static_cast<char32_t>(digit);
    }
    const bool whole = braces ? end > begin && end < in_.size() && in_[end] == '}' : end - begin == wanted;
    // \x80 and above would be a byte, not a character, in Oniguruma.
    const bool is_character =
        value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF) && (braces || kind == 'u' || value < 0x80);
    if (!whole || !is_character) refuse(end - at_);
    at_ = end + (braces ? 1 : 0);
    return value;
  }

  void character_class() {
    const std::size_t begin = at_++;
    emit("[");
    if (next_is("^")) take(1, "^");
    const std::size_t first = at_;
    while (true) {
      require(at_ < in_.size(), "the class at byte {} is not closed", begin);
      if (in_[at_] == ']') {
        if (at_ == first) refuse(1);
        take(1, "]");
        return;
      }
      if (in_[at_] == '[' || next_is("&&")) refuse(2);
      class_item(first);
    }
  }

  void class_item(std::size_t first) {
    if (in_[at_] == '\\')
      if (const auto set = read_set(true)) {
        emit(*set);
        // A dash after a set is itself only at the end of the class.
        if (next_is("-") && !next_is("-]")) refuse(2);
        return;
      }
    if (in_[at_] == '-' && at_ != first && !next_is("-]")) refuse(1);
    const char32_t low = in_[at_] == '\\' ? read_escape() : read_character();
    char32_t high = low;
    if (next_is("-") && !next_is("-]")) {
      ++at_;
      require(at_ < in_.size(), "a class is not closed");
      if (in_[at_] == '[' || (in_[at_] == '\\' && read_set(true))) refuse(2);
      high = in_[at_] == '\\' ? read_escape() : read_character();
      require(low <= high, "a range of a class ends before it begins");
    }
    require(!caseless() || high < 0x80,
            "characters beyond ASCII in a part that ignores case are not supported");
    name(low, high);
    emit(low == high ? escaped(low) : escaped(low) + "-" + escaped(high));
  }

  void quantifier() {
    if (at_ >= in_.size()) return;
    const char kind = in_[at_];
    if (kind == '*' || kind == '+' || kind == '?') {
      take(1, std::string(1, kind));
      if (next_is("?") || next_is("+")) take(1, in_.substr(at_, 1));
    } else if (kind == '{') {
      interval();
    } else {
      return;
    }
    previous_ = 0;
    if (next_is("*") || next_is("+") || next_is("?") || next_is("{")) refuse(1);
  }

  /// {n}, {n,}, {,m} or {n,m}, the last three also lazy. What follows otherwise means different things.
  void interval() {
    const std::size_t close = in_.find('}', at_);
    if (close == std::string_view::npos) refuse(1);
    const std::string_view inside = in_.substr(at_ + 1, close - at_ - 1);
    const std::size_t comma = inside.find(',');
    const std::string_view low = inside.substr(0, comma);
    const std::string_view high = comma == std::string_view::npos ? low : inside.substr(comma + 1);
    const auto is_number = [](std::string_view digits) {
      return digits.size() <= 4 &&
             std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if (!is_number(low) || !is_number(high) || (low.empty() && high.empty())) refuse(close + 1 - at_);
    const int least = low.empty() ? 0 : std::stoi(std::string(low));
    // Oniguruma turns the two around and makes the repetition possessive.
    if (!high.empty() && std::stoi(std::string(high)) < least) refuse(close + 1 - at_);
    emit(comma == std::string_view::npos ? fmt::format("{{{}}}", least)
                                         : fmt::format("{{{},{}}}", least, high));
    at_ = close + 1;
    if (next_is("?") && comma != std::string_view::npos) take(1, "?");
  }

  std::string_view in_;
  std::size_t at_ = 0;
  TranslatedPattern result_;
  std::vector<bool> caseless_{false};  // of the groups that are open, outermost first
  char previous_ = 0;                  // the literal before, in a part that ignores case
};

}  // namespace

TranslatedPattern translate_oniguruma(std::string_view pattern) {
  require(valid_utf8_prefix(pattern) == pattern.size(), "a regular expression is not UTF-8");
  return PatternTranslator(pattern).run();
}

}  // namespace pagewright
