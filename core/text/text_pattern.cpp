#include "core/text/text_pattern.hpp"

#include <cstring>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/error.hpp"
#include "core/text/oniguruma_pattern.hpp"
#include "core/text/unicode_tables.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

struct PcreDelete {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <class Type>
using PcrePointer = std::unique_ptr<Type, PcreDelete>;

constexpr std::size_t kFirstJitStack = 64 * 1024, kLargestJitStack = 8 * 1024 * 1024;
constexpr std::uint32_t kMatchLimit = 10'000'000, kHeapLimitKib = 256 * 1024;

std::string pcre_message(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

/// What a thread needs to match, whatever the expression: only the whole match is asked for.
struct MatchScratch {
  PcrePointer<pcre2_match_data> data{pcre2_match_data_create(1, nullptr)};
  PcrePointer<pcre2_match_context> context{pcre2_match_context_create(nullptr)};
  PcrePointer<pcre2_jit_stack> stack{pcre2_jit_stack_create(kFirstJitStack, kLargestJitStack, nullptr)};

  MatchScratch() {
    require(data && context, "no memory for regular expressions");
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), kHeapLimitKib);
    if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

MatchScratch& match_scratch() {
  thread_local MatchScratch scratch;
  return scratch;
}

/// Blocks of 256 code points in which some have a stand-in.
const std::vector<bool>& stand_in_blocks() {
  static const std::vector<bool> blocks = [] {
    std::vector<bool> result(0x1100, false);
    for (const StandIn& range : stand_ins())
      for (char32_t block = range.first >> 8; block <= range.last >> 8; ++block) result[block] = true;
    return result;
  }();
  return blocks;
}

}  // namespace

struct TextPattern::Impl {
  std::string text;  // of a literal
  PcrePointer<pcre2_code> code;
  bool has_jit = false;
  std::vector<CodePointRange> named;

  void compile(const TranslatedPattern& pattern) {
    named = pattern.named;
    const PcrePointer<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
    require(context != nullptr, "no memory for a regular expression");
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.text.data()), pattern.text.size(),
                             PCRE2_UTF | PCRE2_UCP, &error, &offset, context.get()));
    require(code != nullptr, "PCRE2 does not take '{}': {}", pattern.text, pcre_message(error));
    has_jit = match_scratch().stack && pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) == 0;
  }

  bool is_named(char32_t c) const {
    for (const CodePointRange& range : named)
      if (c >= range.first && c <= range.last) return true;
    return false;
  }

  /// The text with stand-ins for characters whose category PCRE2 may not know; of the same length. Most texts
  /// have none and come back as they are.
  std::string_view stable(std::string_view subject, std::string& copy) const {
    for (std::size_t i = 0; i < subject.size(); i += utf8_length(subject[i])) {
      if (static_cast<unsigned char>(subject[i]) < 0xCD) continue;  // below U+0340
      const char32_t c = code_point_at(subject, i);
      if (!stand_in_blocks()[c >> 8]) continue;
      const StandIn* range = find_range(stand_ins(), c);
      if (range == nullptr || is_named(c)) continue;
      if (copy.empty()) copy = subject;
      std::string by;
      append_utf8(by, range->by);
      copy.replace(i, by.size(), by);
    }
    return copy.empty() ? subject : std::string_view(copy);
  }

  /// One search from a byte of the subject; the match, or npos for none.
  std::pair<std::size_t, std::size_t> search(std::string_view subject, std::size_t from) const {
    MatchScratch& scratch = match_scratch();
    const auto begin = reinterpret_cast<PCRE2_SPTR>(subject.data());
    int status = PCRE2_ERROR_JIT_STACKLIMIT;
    if (has_jit)
      status = pcre2_jit_match(code.get(), begin, subject.size(), from, PCRE2_NO_UTF_CHECK,
                               scratch.data.get(), scratch.context.get());
    if (status == PCRE2_ERROR_JIT_STACKLIMIT)
      status = pcre2_match(code.get(), begin, subject.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                           scratch.data.get(), scratch.context.get());
    if (status == PCRE2_ERROR_NOMATCH) return {std::string_view::npos, std::string_view::npos};
    require(status >= 0,
            "a regular expression of the tokenizer cannot be matched against a text of {} bytes: {}",
            subject.size(), pcre_message(status));
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(scratch.data.get());
    return {ends[0], ends[1]};
  }

  void find_regex(std::string_view original, std::vector<PatternSpan>& spans) const {
    std::string copy;
    const std::string_view subject = stable(original, copy);
    std::size_t covered = 0, from = 0, last_end = std::string_view::npos;
    while (from <= subject.size()) {
      const auto [begin, end] = search(subject, from);
      if (begin == std::string_view::npos) break;
      if (begin == end && end == last_end) {
        // An empty match where the last one ended does not count.
        from = end + (end < subject.size() ? utf8_length(subject[end]) : 1);
        continue;
      }
      if (covered < begin) spans.push_back({covered, begin, false});
      spans.push_back({begin, end, true});
      covered = from = last_end = end;
    }
    if (covered < subject.size()) spans.push_back({covered, subject.size(), false});
  }

  void find_literal(std::string_view subject, std::vector<PatternSpan>& spans) const {
    std::size_t covered = 0, begin = 0;
    while ((begin = subject.find(text, covered)) != std::string_view::npos) {
      if (covered < begin) spans.push_back({covered, begin, false});
      covered = begin + text.size();
      spans.push_back({begin, covered, true});
    }
    if (covered < subject.size()) spans.push_back({covered, subject.size(), false});
  }
};

TextPattern TextPattern::regex(std::string_view pattern) {
  auto impl = std::make_shared<Impl>();
  with_context(fmt::format("regular expression '{}'", pattern),
               [&] { impl->compile(translate_oniguruma(pattern)); });
  return TextPattern(std::move(impl));
}

TextPattern TextPattern::literal(std::string text) {
  require(!text.empty(), "an empty text to look for is not supported");
  auto impl = std::make_shared<Impl>();
  impl->text = std::move(text);
  return TextPattern(std::move(impl));
}

void TextPattern::find(std::string_view text, std::vector<PatternSpan>& spans) const {
  spans.clear();
  if (impl_->code)
    impl_->find_regex(text, spans);
  else
    impl_->find_literal(text, spans);
}

}  // namespace pagewright
