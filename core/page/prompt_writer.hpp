#pragma once
// Collects a prompt's positions: tokens of tables and of the page as they are, and the words between them
// through the tokenizer.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/token_bags.hpp"
#include "core/text/tokenizer.hpp"

namespace pagewright {

/// The longest beginning of `text` found that is at most `budget` tokens by itself; never cuts a character.
std::string cut_to_tokens(const Tokenizer& tokenizer, std::string_view text, int budget);

/// Note [Words in prompts]
/// Words that follow each other without a token between them are one run, tokenized at once: so the prompt
/// written as text, with its tokens spelled out, gives the same ids to whoever tokenizes it with the exported
/// tokenizer. For the same reason a value is cut to its budget as text, before it is tokenized: the longest
/// beginning of it that is no more tokens by itself. Fixed words of the template may spell special tokens of
/// the model's own tokenizer, such as the marks of a chat; values never do: "<item:3>" in a title is words
/// (others, who tokenize the written prompt, would read the token). Added tokens that are not special stay
/// recognised, as everywhere.
class PromptWriter {
 public:
  /// A stretch of the prompt: a run of words, or one position's ids.
  struct Piece {
    std::string words;
    std::vector<TokenId> bag;  ///< empty for words
  };

  /// Without a tokenizer only tokens can be written. `tokenizer` must outlive the writer; its special tokens
  /// from `own_end` on are not the model's own. pieces() stays empty unless it is wanted.
  PromptWriter(const Tokenizer* tokenizer, TokenId own_end, bool keep_pieces = false)
      : tokenizer_(tokenizer), own_end_(own_end), keep_pieces_(keep_pieces) {}

  /// Fixed words of the template.
  void words(std::string_view text);
  /// Words of a user or an item, cut to `budget` tokens.
  void value(std::string_view text, int budget);
  /// One position with the sum of these ids.
  void token(std::span<const TokenId> bag);
  void token(TokenId id) { token(std::span<const TokenId>(&id, 1)); }
  /// Cuts the run of words at hand to `budget` tokens.
  void cut_run(int budget) { run_ = cut_to_tokens(*tokenizer_, run_, budget); }
  /// From now on fixed words cut the run before a special token to so many tokens; -1: they leave it.
  void limit_runs(int budget) { run_budget_ = budget; }
  /// Turns the run of words at hand into tokens.
  void end_run();

  const TokenBags& tokens() const { return tokens_; }
  TokenBags take_tokens() { return std::move(tokens_); }
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  const Tokenizer* tokenizer_;
  TokenId own_end_;
  bool keep_pieces_;
  int run_budget_ = -1;
  TokenBags tokens_;
  std::string run_;
  std::vector<Piece> pieces_;
};

}  // namespace pagewright
