#include "core/page/page_grammar.hpp"

#include <numeric>

#include "core/base/error.hpp"
#include "core/page/page_language.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

// Base 0, so that token ids are layout indices: page 0, end 1, section end 2, sections from 3.
Request plain_request(int candidates) {
  Request request;
  request.id = "r12";
  for (int i = 0; i < candidates; ++i) {
    Item item;
    item.id = "item" + std::to_string(i);
    item.price = 100 * i;
    item.brand = "brand" + std::to_string(i % 3);
    item.category = "category" + std::to_string(i % 2);
    request.candidates.push_back(item);
  }
  return request;
}

CandidateOrder identity_order(const Request& request) {
  CandidateOrder order(request.candidates.size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

PageSchema list_and_grid() {
  PageSchema schema;
  schema.section_types = {{"list", "list", 1, 2, 1, false, true}, {"grid", "grid", 2, 4, 2, false, true}};
  schema.section_order = {0, 1};
  schema.max_candidates = 8;
  return schema;
}

PageGrammar grammar_of(const PageSchema& schema, const Request& request) {
  const LayoutVocabulary vocabulary(0, static_cast<int>(schema.section_types.size()), schema.max_candidates);
  return PageGrammar(schema, vocabulary, request, identity_order(request));
}

std::string grammar_problem(const PageSchema& schema, const Request& request) {
  try {
    grammar_of(schema, request);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::int32_t> allowed_after(const PageGrammar& grammar, std::initializer_list<TokenId> prefix) {
  PageGrammar::State state = grammar.start();
  for (const TokenId token : prefix) grammar.advance(state, token);
  std::vector<std::int32_t> allowed;
  grammar.allowed(state, allowed);
  return allowed;
}

using LayoutIndices = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("the grammar walks sections within their slot ranges and never repeats an item") {
  const PageGrammar grammar = grammar_of(list_and_grid(), plain_request(4));
  CHECK((allowed_after(grammar, {}) == LayoutIndices{3}));
  CHECK((allowed_after(grammar, {3}) == LayoutIndices{5, 6, 7, 8}));
  CHECK((allowed_after(grammar, {3, 6}) == LayoutIndices{2, 5, 7, 8}));
  CHECK((allowed_after(grammar, {3, 6, 8}) == LayoutIndices{2}));
  CHECK((allowed_after(grammar, {3, 6, 2}) == LayoutIndices{4}));
  CHECK((allowed_after(grammar, {3, 6, 2, 4, 5, 7}) == LayoutIndices{2, 8}));
  CHECK((allowed_after(grammar, {3, 6, 2, 4, 5, 7, 2}) == LayoutIndices{1}));
  CHECK((allowed_after(grammar, {3, 6, 2, 4, 5, 7, 2, 1}) == LayoutIndices{}));
}

TEST_CASE("the grammar looks ahead: items are kept back for sections that still need them") {
  CHECK((allowed_after(grammar_of(list_and_grid(), plain_request(3)), {3, 6}) == LayoutIndices{2}));
  Request request = plain_request(5);
  request.candidates[1].ad = request.candidates[4].ad = true;
  PageSchema schema = list_and_grid();
  schema.section_types[1].ads_only = true;
  CHECK((allowed_after(grammar_of(schema, request), {3}) ==
         LayoutIndices{5, 7, 8}));  // both ads wait for the grid
}

TEST_CASE("a token that is not allowed is refused") {
  const PageGrammar grammar = grammar_of(list_and_grid(), plain_request(4));
  PageGrammar::State state = grammar.start();
  CHECK_THROWS_AS(grammar.advance(state, 5), Error);
  grammar.advance(state, 3);
  grammar.advance(state, 5);
  CHECK_THROWS_AS(grammar.advance(state, 5), Error);
  CHECK_THROWS_AS(grammar.advance(state, 9), Error);   // a pointer without a candidate
  CHECK_THROWS_AS(grammar.advance(state, 77), Error);  // no token at all
  CHECK_THROWS_AS(grammar.advance(state, 1), Error);
  CHECK(state.slots() == 1);
  grammar.advance(state, 2);
  CHECK_FALSE(state.finished());
}

TEST_CASE("masks are the allowed sets of every step, one after the other") {
  const PageGrammar grammar = grammar_of(list_and_grid(), plain_request(3));
  const std::vector<TokenId> response = {3, 6, 2, 4, 5, 7, 2, 1};
  const PageGrammar::Masks masks = grammar.masks(response);
  CHECK((masks.indices == LayoutIndices{3, 5, 6, 7, 2, 4, 5, 7, 7, 2, 1}));
  CHECK((masks.offsets == LayoutIndices{0, 1, 4, 5, 6, 8, 9, 10, 11}));
}

TEST_CASE("a request without a valid page is refused with the reason") {
  PageSchema schema = list_and_grid();
  CHECK(grammar_problem(schema, plain_request(2)) ==
        "the schema needs at least 3 items, but request r12 has 2 candidates");
  CHECK(grammar_problem(schema, plain_request(9)) ==
        "request r12 has 9 candidates, but max_candidates is 8: raise it in the schema");
  schema.caps = {{"brand", 1}};
  CHECK(grammar_problem(schema, plain_request(8)) == "no error");
  schema.caps = {{"category", 1}};
  CHECK(grammar_problem(schema, plain_request(8)) ==
        "request r12 (8 candidates, 0 of them ads) has no page; these rules cannot be kept together: "
        "max_per_category 1");
  schema = list_and_grid();
  schema.slot_rules = {{0, SlotRule::Kind::only_ads}};
  CHECK(grammar_problem(schema, plain_request(8)) ==
        "request r12 (8 candidates, 0 of them ads) has no page; these rules cannot be kept together: slot 0 "
        "holds "
        "ads only");
  schema = list_and_grid();
  schema.price_bands = {{0, 300, 3, {}}};
  schema.caps = {{"brand", 1}};
  CHECK(grammar_problem(schema, plain_request(8)) == "no error");
  schema.pinned = {{"item3", {}}};
  CHECK(grammar_problem(schema, plain_request(8)) ==
        "request r12 (8 candidates, 0 of them ads) has no page; these rules cannot be kept together: "
        "max_per_brand "
        "1, price_bands[0] (at least 3 slots with prices from 0 to below 300), item item3 pinned");
}

TEST_CASE("a constraint problem without a quick answer is decided by search, exactly") {
  // 3 categories x 8 brands: with one item a brand and two a category, six slots can be filled only if the
  // first items leave the right brands over.
  PageSchema schema;
  schema.section_types = {{"list", "list", 6, 6, 1, false, true}};
  schema.max_candidates = 30;
  schema.caps = {{"brand", 1}, {"category", 2}, {"seller", 2}};
  Request request;
  request.id = "tight";
  for (int i = 0; i < 18; ++i) {
    Item item;
    item.id = std::to_string(i);
    item.brand = "b" + std::to_string(i % 6);
    item.category = "c" + std::to_string(i % 3);
    item.seller = "s" + std::to_string((i * i + i / 6) % 4);
    request.candidates.push_back(item);
  }
  const PageGrammar grammar = grammar_of(schema, request);
  // Every allowed first item, then greedily the first allowed token, ends in a valid page.
  for (const std::int32_t first : allowed_after(grammar, {3})) {
    PageGrammar::State state = grammar.start();
    grammar.advance(state, 3);
    grammar.advance(state, first);
    Page page{{{0, {first - 4}}}};
    std::vector<std::int32_t> allowed;
    while (!state.finished()) {
      grammar.allowed(state, allowed);
      REQUIRE_FALSE(allowed.empty());
      if (allowed.front() >= 4) page.sections[0].items.push_back(allowed.front() - 4);
      grammar.advance(state, allowed.front());
    }
    CHECK((page_violations(schema, request, page) == std::vector<std::string>()));
  }
}

TEST_CASE("the page language keeps one order for all samples of a request and refuses impossible schemas") {
  PageLanguage language(list_and_grid(), PromptTemplate(), CandidateOrderKind::shuffled, 3);
  const Request request = plain_request(8);
  const CandidateOrder order = language.candidate_order(request, 5, 7);
  CHECK((order == language.candidate_order(request, 5, 7)));
  CHECK((order != language.candidate_order(request, 6, 7)));
  CHECK((order != language.candidate_order(request, 5, 8)));
  CandidateOrder sorted = order;
  std::sort(sorted.begin(), sorted.end());
  CHECK((sorted == identity_order(request)));
  const PageLanguage logged(list_and_grid(), PromptTemplate(), CandidateOrderKind::logged, 3);
  CHECK((logged.candidate_order(request, 5, 7) == identity_order(request)));
  CHECK(language.hash() != logged.hash());
  CHECK(language.prompt(request, order).tokens.size() == 10);
  const PageLanguage copy = language;
  std::vector<std::int32_t> allowed;
  const PageGrammar grammar = copy.grammar(request, order);
  grammar.allowed(grammar.start(), allowed);
  CHECK((allowed == LayoutIndices{3}));
  const Page page{{{0, {1}}, {1, {5, 2}}}};
  CHECK((language.decode(order, language.encode(order, page).tokens).page == page));
  PageSchema impossible = list_and_grid();
  impossible.max_candidates = 2;
  CHECK_THROWS_WITH(PageLanguage(impossible, PromptTemplate(), CandidateOrderKind::logged, 3),
                    "a page needs at least 3 slots, but max_candidates is 2 and no item may appear twice");
}

}  // namespace pagewright
