#include "core/page/page_language.hpp"

#include <numeric>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/sha256.hpp"
#include "core/page/page_structure.hpp"

namespace pagewright {

PageLanguage::PageLanguage(PageSchema schema, PromptTemplate prompt_template, CandidateOrderKind order,
                           std::uint64_t seed)
    : schema_(std::move(schema)),
      template_(std::move(prompt_template)),
      vocabulary_(template_.base_size(), static_cast<int>(schema_.section_types.size()),
                  schema_.max_candidates),
      order_(order),
      seed_(seed) {
  check_satisfiable(schema_);
  check_token_names();
  structures_ = std::make_shared<PageStructureCache>(schema_);
}

/// A tokenizer has none of our tokens, or, exported, all of them where they belong.
void PageLanguage::check_token_names() const {
  if (!template_.tokenizer()) return;
  const Tokenizer& tokenizer = *template_.tokenizer();
  const std::vector<std::string> names = added_token_names();
  const bool exported = tokenizer.size() > template_.table_begin();
  require(!exported || tokenizer.size() == template_.table_begin() + std::ssize(names),
          "the tokenizer has {} tokens of an exported page language, but this schema and template have {}; "
          "take those "
          "that were exported with it",
          tokenizer.size() - template_.table_begin(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::optional<TokenId> found = tokenizer.id(names[i]);
    const TokenId expected = template_.table_begin() + static_cast<TokenId>(i);
    if (exported)
      require(found == expected,
              "the tokenizer has another page language than this schema and template: token {} is "
              "{} there, but should be {}",
              names[i], found ? fmt::format("{}", *found) : "missing", expected);
    else
      require(!found, "the tokenizer has a token {} of its own; name the section type otherwise", names[i]);
  }
}

CandidateOrder PageLanguage::candidate_order(const Request& request, std::uint64_t iteration,
                                             std::uint64_t request_index) const {
  CandidateOrder order(request.candidates.size());
  std::iota(order.begin(), order.end(), 0);
  if (order_ == CandidateOrderKind::shuffled) {
    CounterRandom random(seed_, RandomStream::candidate_order, iteration, request_index);
    random.shuffle(std::span(order));
  }
  return order;
}

Prompt PageLanguage::prompt(const Request& request, CandidateOrder order) const {
  return template_.render(request, std::move(order), vocabulary_);
}

std::string PageLanguage::prompt_text(const Request& request, CandidateOrder order) const {
  return template_.render_text(request, std::move(order), vocabulary_, schema_);
}

std::string PageLanguage::token_name(TokenId id) const {
  if (id >= vocabulary_.layout_begin()) return vocabulary_.name(id, schema_);
  if (id >= template_.table_begin()) return template_.table_token_name(id);
  return template_.tokenizer()->token(id);
}

std::vector<std::string> PageLanguage::added_token_names() const {
  std::vector<std::string> names;
  for (TokenId id = template_.table_begin(); id < vocabulary_.size(); ++id) names.push_back(token_name(id));
  return names;
}

PageGrammar PageLanguage::grammar(const Request& request, CandidateOrder order) const {
  return PageGrammar(schema_, vocabulary_, request, std::move(order), *structures_);
}

EncodedPage PageLanguage::encode(const CandidateOrder& order, const Page& page) const {
  return encode_page(vocabulary_, order, page);
}

DecodedPage PageLanguage::decode(const CandidateOrder& order, std::span<const TokenId> tokens) const {
  return decode_page(vocabulary_, order, tokens);
}

std::string PageLanguage::hash() const {
  const char* order = order_ == CandidateOrderKind::shuffled ? "shuffled" : "logged";
  return sha256_hex(
      fmt::format("pagewright page language 1\n{}\n{}\n{}\n", schema_.hash(), template_.hash(), order));
}

}  // namespace pagewright
