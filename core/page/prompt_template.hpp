#pragma once
// How a request is rendered: which fields of context, history and candidates become which tokens.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/page/prompt.hpp"
#include "core/page/request.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

class Section;

/// A field renders to exactly one token of its own table (bucket, hash, or vocabulary of listed values), or
/// to text of the base tokenizer (known to the language, refused until a tokenizer is configured).
struct TemplateField {
  enum class Kind { bucket, hash, text };
  std::string source;  ///< "price", "category", "brand", "seller", "title", "ad", "rank" (in logged order),
                       ///< "price_rank", "history_count" (times this item occurs in the history),
                       ///< "last_touched", "action", "age", "query", "context.NAME", "features.NAME"
  Kind kind = Kind::hash;
  int size = 0;    ///< buckets or hash table size, without the token for "absent"
  double low = 0;  ///< bucket range
  double high = 1;
  bool log_scale = false;
  TokenId first_token = 0;  ///< token of bucket 0; first_token + size = absent
  bool operator==(const TemplateField&) const = default;
};

/// The template: three groups of fields. Base vocabulary: token 0 is <bos>, then the tables of the fields in
/// order.
class PromptTemplate {
 public:
  PromptTemplate() = default;
  /// YAML form, see docs/page-language.md: `context: [...]`, `history: {last: 4, fields: [...]}`, `candidate:
  /// {fused: [...]}` where a field is written "{price|bucket:16}", "{brand|hash:64}", "{title|text}".
  static PromptTemplate from(Section& section);

  TokenId base_size() const { return base_size_; }
  bool uses_logged_rank() const;  ///< then runs are labelled "re-ranker"
  bool placed_items_carry_features() const { return placed_features_; }
  /// Renders <bos>, context, the last `history` actions, candidates in `order`, page_start.
  Prompt render(const Request& request, CandidateOrder order, const LayoutVocabulary& vocabulary) const;
  std::string hash() const;

 private:
  std::vector<TemplateField> context_;
  std::vector<TemplateField> history_;
  std::vector<TemplateField> candidate_;
  int history_last_ = 0;
  bool fused_ = true;
  bool placed_features_ = true;
  TokenId base_size_ = 1;
};

}  // namespace pagewright
