#pragma once
// Random schemas and requests, and the valid pages of small ones by brute force.

#include <set>
#include <vector>

#include "core/base/rng.hpp"
#include "core/page/page_codec.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {

struct RandomPageSizes {
  int section_types = 3;
  int max_slots = 3;  ///< of a section
  int candidates = 5;
  int values = 3;  ///< of brand, seller and category
};

/// A schema that may well be unsatisfiable.
PageSchema random_schema(CounterRandom& random, const RandomPageSizes& sizes);
Request random_request(CounterRandom& random, const RandomPageSizes& sizes);
CandidateOrder random_order(CounterRandom& random, const Request& request);

/// Responses of all pages with at most `most_sections` sections that page_violations() accepts.
std::set<std::vector<TokenId>> valid_responses(const PageSchema& schema, const LayoutVocabulary& vocabulary,
                                               const Request& request, const CandidateOrder& order,
                                               int most_sections);
/// Responses of all walks through a grammar. A walk that ends before page_end is in the set as it is.
std::set<std::vector<TokenId>> walked_responses(const PageGrammar& grammar,
                                                const LayoutVocabulary& vocabulary);

}  // namespace pagewright
