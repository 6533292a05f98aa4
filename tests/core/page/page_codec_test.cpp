#include "core/page/page_codec.hpp"

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

// Base 10, two section types, 6 pointers: page 10, end 11, section end 12, sections 13 and 14, items 15
// to 20.
const LayoutVocabulary kCodecVocabulary(10, 2, 6);
const CandidateOrder kCodecOrder = {2, 0, 3, 1};

std::string decoding_problem(std::vector<TokenId> tokens) {
  return decode_page(kCodecVocabulary, kCodecOrder, tokens).problem;
}

}  // namespace

TEST_CASE("layout tokens follow the base vocabulary and have names") {
  PageSchema schema;
  schema.section_types.resize(2);
  schema.section_types[1].name = "grid";
  std::vector<std::string> names;
  for (TokenId id = 10; id < kCodecVocabulary.size(); ++id)
    names.push_back(kCodecVocabulary.name(id, schema));
  CHECK((names == std::vector<std::string>{"<page>", "</page>", "</section>", "<section:>", "<section:grid>",
                                           "<item:0>", "<item:1>", "<item:2>", "<item:3>", "<item:4>",
                                           "<item:5>"}));
  CHECK(kCodecVocabulary.layout_size() == 11);
  CHECK(kCodecVocabulary.structure_size() == 5);
  CHECK(kCodecVocabulary.name(3, schema) == "<token:3>");
  CHECK_THROWS_AS(LayoutVocabulary(2147483640, 2, 6), Error);
  CHECK_THROWS_AS(LayoutVocabulary(1, 0, 6), Error);
}

TEST_CASE("a page becomes pointer tokens by place in the candidate order, with a span for every slot") {
  const Page page{{{1, {3, 0}}, {0, {2}}}};
  const EncodedPage encoded = encode_page(kCodecVocabulary, kCodecOrder, page);
  CHECK((encoded.tokens == std::vector<TokenId>{14, 17, 16, 12, 13, 15, 12, 11}));
  CHECK((encoded.spans.slots == std::vector<SlotSpan>{{0, 1, 0, 3, 1}, {0, 1, 1, 0, 2}, {1, 0, 0, 2, 5}}));
  CHECK(encoded.spans.page_end == 7);
  const DecodedPage decoded = decode_page(kCodecVocabulary, kCodecOrder, encoded.tokens);
  CHECK(decoded.problem.empty());
  CHECK((decoded.page == page));
  CHECK((decoded.spans == encoded.spans));
  CHECK((page.items() == std::vector<std::int32_t>{3, 0, 2}));
  CHECK((slot_places(page) == std::vector<SlotPlace>{{0, 0}, {0, 1}, {1, 0}}));
}

TEST_CASE("a page that has no tokens is refused") {
  CHECK_THROWS_AS(encode_page(kCodecVocabulary, kCodecOrder, Page{{{1, {4}}}}), Error);
  CHECK_THROWS_AS(encode_page(kCodecVocabulary, kCodecOrder, Page{{{2, {0}}}}), Error);
  CHECK_THROWS_AS(encode_page(kCodecVocabulary, {0, 0, 1, 2}, Page{{{1, {0}}}}), Error);
}

TEST_CASE("tokens that are no page are named by their first problem, and what came before is kept") {
  CHECK(decoding_problem({14, 17, 12, 11}).empty());
  CHECK(decoding_problem({}) == "truncated");
  CHECK(decoding_problem({14, 17, 12}) == "truncated");
  CHECK(decoding_problem({14, 17, 11}) == "missing_section_end");
  CHECK(decoding_problem({14, 17, 13}) == "missing_section_end");
  CHECK(decoding_problem({17, 12, 11}) == "item_outside_section");
  CHECK(decoding_problem({14, 19, 12, 11}) == "unknown_item");  // place 4 of 4 candidates
  CHECK(decoding_problem({14, 3, 12, 11}) == "unknown_token");
  CHECK(decoding_problem({10}) == "unknown_token");
  CHECK(decoding_problem({99}) == "unknown_token");
  CHECK(decoding_problem({12}) == "section_end_outside_section");
  CHECK(decoding_problem({14, 17, 12, 11, 11}) == "trailing_tokens");
  const DecodedPage decoded =
      decode_page(kCodecVocabulary, kCodecOrder, std::vector<TokenId>{14, 17, 19, 15});
  CHECK((decoded.page == Page{{{1, {3}}}}));
  CHECK(decoded.spans.page_end == -1);
}

TEST_CASE("a placed item's input carries its candidate's fields") {
  Prompt prompt;
  prompt.candidate_fields.push(std::vector<TokenId>{1, 2});
  prompt.candidate_fields.push(std::vector<TokenId>{3});
  const TokenBags bags = response_input(kCodecVocabulary, prompt, std::vector<TokenId>{14, 16, 15, 20, 12});
  REQUIRE(bags.size() == 5);
  CHECK((bags.ids == std::vector<TokenId>{14, 16, 3, 15, 1, 2, 20, 12}));
  CHECK((bags.offsets == std::vector<std::int32_t>{0, 1, 3, 6, 7, 8}));
}

}  // namespace pagewright
