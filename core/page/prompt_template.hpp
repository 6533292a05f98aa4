#pragma once
// How a request is rendered: which fields of context, history and candidates become which tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "core/page/prompt.hpp"
#include "core/page/request.hpp"
#include "core/page/template_field.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

class Section;

/// The template: three groups of fields. Base vocabulary: token 0 is <bos>, then one table per field, in the
/// order context, history, candidate. Fields with the same source, kind, size and range share one table, so
/// that a brand in the history and the same brand among the candidates are the same token.
class PromptTemplate {
 public:
  static constexpr TokenId kBos = 0;

  PromptTemplate() = default;
  /// Reads YAML (docs/page-language.md); problems are collected in the section's errors:
  ///   context: ["{query|hash:64}"]                                   one position per field
  ///   history: {last: 4, fused: ["{action|bucket:4}"]}               one position per action
  ///   candidate: {fused: ["{price|bucket:16:log:100:100000}"]}       one position per candidate
  ///   placed_features: true
  /// With `tokens` in place of `fused` each field has a position of its own.
  static PromptTemplate from(const Section& section);

  TokenId base_size() const { return base_size_; }
  bool uses_logged_rank() const;  ///< then runs are labelled "re-ranker"
  bool placed_items_carry_features() const { return placed_features_; }
  /// Most positions of a prompt of `candidates` candidates, <bos> and page_start included.
  int max_positions(int candidates) const;
  /// Renders <bos>, context, the last `history` actions (oldest first), candidates in `order`, page_start.
  /// Every candidate starts with its pointer token. Throws Error if `order` is no permutation of the
  /// candidates, if they are more than the pointer tokens, or if a field needs a tokenizer.
  Prompt render(const Request& request, CandidateOrder order, const LayoutVocabulary& vocabulary) const;
  std::string hash() const;

 private:
  void assign_tables();
  void push_context(const Request& request, TokenBags& out) const;
  void push_history(const Request& request, TokenBags& out) const;

  std::vector<TemplateField> context_;
  std::vector<TemplateField> history_;
  std::vector<TemplateField> candidate_;
  int history_last_ = 0;
  bool history_fused_ = true;
  bool candidate_fused_ = true;
  bool placed_features_ = true;
  TokenId base_size_ = 1;
};

}  // namespace pagewright
