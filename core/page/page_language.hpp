#pragma once
// Everything that turns requests and pages into model input and back, bundled: schema, prompt template,
// vocabulary, order.

#include <cstdint>
#include <memory>
#include <string>

#include "core/page/page_codec.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/prompt.hpp"
#include "core/page/prompt_template.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

enum class CandidateOrderKind { shuffled, logged };

class PageLanguage {
 public:
  /// Throws Error with the reason if no request can have a page under the schema (check_satisfiable).
  PageLanguage(PageSchema schema, PromptTemplate prompt_template, CandidateOrderKind order,
               std::uint64_t seed);

  const PageSchema& schema() const { return schema_; }
  const PromptTemplate& prompt_template() const { return template_; }
  const LayoutVocabulary& vocabulary() const { return vocabulary_; }
  CandidateOrderKind order_kind() const { return order_; }

  /// The order of a request's candidates in an iteration: keyed by (seed, iteration, request), the same for
  /// all samples of the request; the identity for `logged`.
  CandidateOrder candidate_order(const Request& request, std::uint64_t iteration,
                                 std::uint64_t request_index) const;
  Prompt prompt(const Request& request, CandidateOrder order) const;
  PageGrammar grammar(const Request& request, CandidateOrder order) const;
  EncodedPage encode(const CandidateOrder& order, const Page& page) const;
  DecodedPage decode(const CandidateOrder& order, std::span<const TokenId> tokens) const;

  /// The prompt as text (PromptTemplate::render_text).
  std::string prompt_text(const Request& request, CandidateOrder order) const;

  /// Spelling of any token of the vocabulary.
  std::string token_name(TokenId id) const;
  /// Spellings of the tokens that a tokenizer lacks, in the order of their ids from
  /// PromptTemplate::table_begin(): tables of fields, then layout tokens.
  std::vector<std::string> added_token_names() const;

  /// SHA-256 over schema, template and order kind: two parties with equal hashes speak the same language.
  std::string hash() const;

 private:
  void check_token_names() const;

  PageSchema schema_;
  PromptTemplate template_;
  LayoutVocabulary vocabulary_;
  CandidateOrderKind order_;
  std::uint64_t seed_;
  std::shared_ptr<PageStructureCache> structures_;  ///< of schema_, shared by copies
};

}  // namespace pagewright
