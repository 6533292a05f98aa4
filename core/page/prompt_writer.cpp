#include "core/page/prompt_writer.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

bool is_ascii(char byte) {
  return static_cast<unsigned char>(byte) < 0x80;
}

}  // namespace

std::string cut_to_tokens(const Tokenizer& tokenizer, std::string_view text, int budget) {
  if (budget <= 0) return {};
  auto count = static_cast<int>(tokenizer.encode_plain(text).size());
  while (count > budget && !text.empty()) {
    // A guess by the share of tokens, and at least one character less.
    std::size_t end = text.size() * static_cast<std::size_t>(budget) / static_cast<std::size_t>(count);
    end = std::min(std::max<std::size_t>(end, 1), text.size() - 1);
    while (end > 0 && continues_character(text[end])) --end;
    const std::string_view rest = text.substr(end);
    std::string_view cut = text.substr(0, end);
    // Then as many characters more as the budget has room for.
    for (std::size_t i = 0; i < rest.size();) {
      std::size_t next = i + 1;
      while (next < rest.size() && continues_character(rest[next])) ++next;
      const std::string_view longer = text.substr(0, end + next);
      if (longer.size() == text.size() || static_cast<int>(tokenizer.encode_plain(longer).size()) > budget)
        break;
      cut = longer;
      i = next;
    }
    text = cut;
    count = static_cast<int>(tokenizer.encode_plain(text).size());
  }
  return std::string(text);
}

void PromptWriter::words(std::string_view text) {
  if (!tokenizer_) {
    run_ += text;
    return;
  }
  for (const Tokenizer::MarkedText& part : tokenizer_->split_specials(text, own_end_)) {
    if (part.id < 0) {
      run_ += part.text;
      continue;
    }
    if (run_budget_ >= 0) cut_run(run_budget_);
    token(part.id);
  }
}

void PromptWriter::value(std::string_view text, int budget) {
  // A byte of ASCII is at most one token, and a tokenizer may put one before the text: short ones need no
  // counting.
  const bool surely_fits =
      text.size() < static_cast<std::size_t>(budget) && std::ranges::all_of(text, is_ascii);
  if (surely_fits)
    run_ += text;
  else
    run_ += cut_to_tokens(*tokenizer_, text, budget);
}

void PromptWriter::token(std::span<const TokenId> bag) {
  end_run();
  tokens_.push(bag);
  if (keep_pieces_) pieces_.push_back({{}, {bag.begin(), bag.end()}});
}

void PromptWriter::end_run() {
  if (run_.empty()) return;
  const bool starts = tokens_.size() == std::ssize(tokenizer_->prompt_prefix());
  for (const TokenId id : tokenizer_->encode_plain(run_, starts)) tokens_.push(id);
  if (keep_pieces_) pieces_.push_back({std::move(run_), {}});
  run_.clear();
}

}  // namespace pagewright
