// The grammar against brute force, and long random walks.
#include "core/base/error.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_structure.hpp"
#include "tests/core/page/random_pages_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr std::uint64_t kGrammarSeed = 20260301;

std::optional<PageGrammar> grammar_if_any(const PageSchema& schema, const LayoutVocabulary& vocabulary,
                                          const Request& request, const CandidateOrder& order,
                                          std::string& why) {
  try {
    return PageGrammar(schema, vocabulary, request, order);
  } catch (const Error& error) {
    why = error.what();
    return std::nullopt;
  }
}

std::string schema_problem(const PageSchema& schema) {
  try {
    check_satisfiable(schema);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

bool all_pins_are_candidates(const PageSchema& schema, const Request& request) {
  for (const PinnedItem& pin : schema.pinned) {
    bool found = false;
    for (const Item& item : request.candidates) found = found || item.id == pin.item_id;
    if (!found) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("walks through the grammar reach exactly the pages that brute force finds valid") {
  int with_pages = 0;
  int without = 0;
  std::size_t pages = 0;
  for (std::uint64_t round = 0; round < 1500; ++round) {
    CounterRandom random(kGrammarSeed, RandomStream::world, 0, round);
    RandomPageSizes sizes;
    sizes.candidates = 2 + static_cast<int>(random.below(4));
    sizes.max_slots = sizes.candidates > 4 ? 2 : 3;
    const PageSchema schema = random_schema(random, sizes);
    const Request request = random_request(random, sizes);
    const CandidateOrder order = random_order(random, request);
    const LayoutVocabulary vocabulary(7, static_cast<int>(schema.section_types.size()),
                                      schema.max_candidates);
    const auto expected = valid_responses(schema, vocabulary, request, order, 2);
    std::string why;
    const auto grammar = grammar_if_any(schema, vocabulary, request, order, why);
    INFO("round " << round << ": " << why);
    REQUIRE(grammar.has_value() == !expected.empty());
    const std::string problem = schema_problem(schema);
    if (!problem.empty() && all_pins_are_candidates(schema, request)) {
      INFO(problem);
      REQUIRE(expected.empty());
    }
    if (!grammar) {
      ++without;
      continue;
    }
    ++with_pages;
    pages += expected.size();
    REQUIRE((walked_responses(*grammar, vocabulary) == expected));
  }
  CHECK(with_pages > 500);
  CHECK(without > 100);
  CHECK(pages > 5000);
}

TEST_CASE("long random walks under many rules end in valid pages that decode to themselves") {
  int walked = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {
    CounterRandom random(kGrammarSeed, RandomStream::world, 1, round);
    RandomPageSizes sizes;
    sizes.section_types = 5;
    sizes.max_slots = 8;
    sizes.candidates = 10 + static_cast<int>(random.below(16));
    sizes.values = 6;
    PageSchema schema = random_schema(random, sizes);
    const Request request = random_request(random, sizes);
    const CandidateOrder order = random_order(random, request);
    const LayoutVocabulary vocabulary(1, static_cast<int>(schema.section_types.size()),
                                      schema.max_candidates);
    std::string why;
    const auto grammar = grammar_if_any(schema, vocabulary, request, order, why);
    if (!grammar) continue;
    ++walked;
    INFO("round " << round);
    PageGrammar::State state = grammar->start();
    std::vector<std::int32_t> allowed;
    std::vector<TokenId> tokens;
    while (!state.finished()) {
      grammar->allowed(state, allowed);
      REQUIRE_FALSE(allowed.empty());
      REQUIRE(std::is_sorted(allowed.begin(), allowed.end()));
      tokens.push_back(vocabulary.layout_begin() + allowed[random.below(allowed.size())]);
      grammar->advance(state, tokens.back());
      REQUIRE(static_cast<int>(tokens.size()) <= schema.max_response_tokens());
    }
    const DecodedPage decoded = decode_page(vocabulary, order, tokens);
    REQUIRE(decoded.problem.empty());
    REQUIRE((page_violations(schema, request, decoded.page) == std::vector<std::string>()));
    const EncodedPage encoded = encode_page(vocabulary, order, decoded.page);
    REQUIRE((encoded.tokens == tokens));
    REQUIRE((encoded.spans == decoded.spans));
    const PageGrammar::Masks masks = grammar->masks(tokens);
    REQUIRE(masks.offsets.size() == tokens.size() + 1);
  }
  CHECK(walked > 150);
}

}  // namespace pagewright
