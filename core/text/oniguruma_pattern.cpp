#include "core/text/oniguruma_pattern.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/text/oniguruma_reader.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

// Texts of two letters that are the case folding of one character, a match that PCRE2 does not make.
constexpr std::string_view kFoldedPairs[] = {"ff", "fi", "fl", "st", "ss"};

/// One pass over the expression; groups are on a stack.
class PatternTranslator : PatternReader {
 public:
  using PatternReader::PatternReader;

  TranslatedPattern run() {
    if (in_.starts_with("(?i)")) {
      caseless_ = {true};
      emit("(?i)");
      at_ = 4;
    }
    while (!at_end()) item();
    require(caseless_.size() == 1, "a parenthesis is not closed");
    return std::move(result_);
  }

 private:
  void emit(std::string_view text) { result_.text += text; }
  bool caseless() const { return caseless_.back(); }

  void item() {
    switch (next()) {
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
    if (next() != '\\') {
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

  void character_class() {
    const std::size_t begin = at_++;
    emit("[");
    if (next_is("^")) take(1, "^");
    const std::size_t first = at_;
    while (true) {
      require(!at_end(), "the class at byte {} is not closed", begin);
      if (next() == ']') {
        if (at_ == first) refuse(1);
        take(1, "]");
        return;
      }
      if (next() == '[' || next_is("&&")) refuse(2);
      class_item(first);
    }
  }

  void class_item(std::size_t first) {
    if (next() == '\\')
      if (const auto set = read_set(true)) {
        emit(*set);
        // A dash after a set is itself only at the end of the class.
        if (next_is("-") && !next_is("-]")) refuse(2);
        return;
      }
    if (next() == '-' && at_ != first && !next_is("-]")) refuse(1);
    const char32_t low = next() == '\\' ? read_escape() : read_character();
    char32_t high = low;
    if (next_is("-") && !next_is("-]")) {
      ++at_;
      require(!at_end(), "a class is not closed");
      if (next() == '[' || (next() == '\\' && read_set(true))) refuse(2);
      high = next() == '\\' ? read_escape() : read_character();
      require(low <= high, "a range of a class ends before it begins");
    }
    require(!caseless() || high < 0x80,
            "characters beyond ASCII in a part that ignores case are not supported");
    name(low, high);
    emit(low == high ? escaped(low) : escaped(low) + "-" + escaped(high));
  }

  void quantifier() {
    if (at_end()) return;
    const char kind = next();
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
