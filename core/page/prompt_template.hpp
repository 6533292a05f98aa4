#pragma once
// How a request is rendered: which fields of context, history and candidates become which tokens or words.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/page/prompt.hpp"
#include "core/page/request.hpp"
#include "core/page/template_entry.hpp"
#include "core/page/vocabulary.hpp"
#include "core/text/tokenizer.hpp"

namespace pagewright {

struct FieldPlace;
class PromptWriter;
class Section;

/// The template: three groups of fields. Base vocabulary: the tokenizer's, or <bos> alone for a model without
/// one; then one table per bucket or hash field, in the order context, history, candidate. Fields with the
/// same source, kind, size and range share one table, so that a brand in the history and the same brand among
/// the candidates are the same token.
class PromptTemplate {
 public:
  static constexpr TokenId kBos = 0;  ///< first token without a tokenizer

  PromptTemplate() = default;
  /// Reads YAML (docs/page-language.md); problems are collected in the section's errors:
  ///   context: ["{query|hash:64}"]                                   one position per field
  ///   history: {last: 4, fused: ["{action|bucket:4}"]}               one position per action
  ///   candidate: {fused: ["{price|bucket:16:log:100:100000}"]}       one position per candidate
  ///   placed_features: true
  /// With `tokens` in place of `fused` each field has positions of its own, and with a tokenizer there may be
  /// words and text fields: candidate: {tokens: [" {title|text:24} for {price|text}"]}.
  /// `tokenizer_failed`: the model has one that could not be read, which is a complaint already; words are no
  /// second one.
  static PromptTemplate from(const Section& section, std::optional<Tokenizer> tokenizer = std::nullopt,
                             bool tokenizer_failed = false);

  TokenId base_size() const { return base_size_; }
  const std::optional<Tokenizer>& tokenizer() const { return tokenizer_; }
  bool has_text() const;          ///< then lengths of prompts depend on the requests
  bool uses_logged_rank() const;  ///< then runs are labelled "re-ranker"
  /// Whether the model sees this value of every candidate.
  bool candidate_shows(TemplateField::Value value) const;
  bool placed_items_carry_features() const { return placed_features_; }
  /// Whether every position of prompts and pages is one token, so that other programs can render them.
  bool is_plain_tokens() const;
  /// Longest prompt that the template allows (`max_tokens`); 0: as long as the model has room.
  int max_tokens() const { return max_tokens_; }
  /// Most positions of a prompt, or `max_tokens` if that is less; of templates with text. Longer
  /// prompts lose their oldest actions first, then words of their candidates; never a candidate.
  void limit_positions(int most);
  /// Positions of a prompt of `candidates` candidates, page_start included, as every budget is used up;
  /// shorter prompts are the rule where there are texts.
  int most_positions(int candidates) const;
  /// Positions that cannot be spared: no action, candidates without words.
  int least_positions(int candidates) const;
  /// Renders the first tokens, context, the last `history` actions (oldest first), candidates in `order`,
  /// page_start. Every candidate starts with its pointer token. Throws Error if `order` is no permutation of
  /// the candidates, if they are more than the pointer tokens, or if they do not fit in the model's context.
  Prompt render(const Request& request, CandidateOrder order, const LayoutVocabulary& vocabulary) const;
  /// The same prompt as text, tokens spelled out (fused positions as the spellings of all their tokens): what
  /// the exported tokenizer turns into the prompt's tokens, save for what it puts first by itself.
  std::string render_text(const Request& request, CandidateOrder order, const LayoutVocabulary& vocabulary,
                          const PageSchema& schema) const;
  /// Spelling of a token of a field's table, "<price|bucket:16:100:100000=3>"; "<bos>".
  std::string table_token_name(TokenId id) const;
  /// First token of ours: after the tokenizer's own, or where an exported tokenizer already has ours.
  TokenId table_begin() const { return table_begin_; }
  std::string hash() const;

 private:
  struct Draft;

  void assign_tables();
  TokenId assign_tables_from(TokenId first);
  Draft write(const Request& request, const CandidateOrder& order, const LayoutVocabulary& vocabulary,
              int actions, int candidate_words, bool spelled) const;
  Draft write_to_fit(const Request& request, const CandidateOrder& order, const LayoutVocabulary& vocabulary,
                     bool spelled) const;
  void write_history(const Request& request, int actions, PromptWriter& out) const;
  void write_candidate_words(const FieldPlace& place, int most, PromptWriter& out) const;
  void write_candidates(const Request& request, const LayoutVocabulary& vocabulary, int words,
                        Draft& out) const;
  int words_size(const std::string& words) const;
  int most_of(const TemplateParts& parts) const;
  /// Special tokens of the model's own tokenizer that fixed words spell.
  int marks_of(const std::string& words) const;
  int marks_of(const TemplateParts& parts) const;
  /// Complains at the key whose fixed words these are; `comes_first`: they begin the prompt.
  void check_marks(const std::string& words, const char* key, const Section& section,
                   bool comes_first = false) const;

  std::optional<Tokenizer> tokenizer_;
  TemplateParts context_, history_, candidate_;
  std::string history_heading_, candidate_heading_, end_;
  int history_last_ = 0;
  bool history_fused_ = true;
  bool candidate_fused_ = true;
  bool placed_features_ = true;
  int max_tokens_ = 0;  ///< 0: what the model has room for
  int limit_ = 0;       ///< 0: none
  TokenId table_begin_ = 0;
  TokenId base_size_ = 1;
};

}  // namespace pagewright
