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
  structures_ = std::make_shared<PageStructureCache>(schema_);
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
