#include "core/iteration/pack.hpp"

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Base vocabulary of 10, two section types, four items: layout 10 ... 18, items from 15.
const LayoutVocabulary kPackVocabulary(10, 2, 4);

Prompt pack_prompt(int length, int candidates) {
  Prompt prompt;
  for (int i = 0; i < length; ++i) prompt.tokens.push(TokenId{i % 10});
  for (int j = 0; j < candidates; ++j) {
    prompt.order.push_back(j);
    prompt.candidate_position.push_back(length - 1 - candidates + j);
    prompt.candidate_fields.push(TokenId{j + 1});
  }
  return prompt;
}

}  // namespace

TEST_CASE("prompts are shared, and every response token is predicted from the row before it") {
  const Prompt first = pack_prompt(5, 3), second = pack_prompt(4, 2);
  const std::vector<TokenId> a{13, 15, 12, 11}, b{11}, c{14, 16, 11};
  PageGrammar::Masks mask;
  mask.indices = {3, 4, 5, 6, 7, 2, 1}, mask.offsets = {0, 2, 5, 6, 7};
  const std::vector<PackedRequest> requests{{&first, {a, b}, {&mask, nullptr}}, {&second, {c}, {}}};
  const PackedBatch packed = pack(kPackVocabulary, requests, false);
  // Rows: prompt 0-4, a's first three 5-7, b nothing, prompt 8-11, c's first two 12-13.
  REQUIRE(packed.batch.segments.size() == 5);
  CHECK(packed.batch.rows() == 14);
  CHECK(packed.batch.segments[1].parent == 0);
  CHECK(packed.batch.segments[1].first_position == 5);
  CHECK(packed.batch.segments[2].tokens.size() == 0);
  CHECK(packed.batch.segments[4].parent == 3);
  CHECK(packed.targets.row == std::vector<std::int64_t>{4, 5, 6, 7, 4, 11, 12, 13});
  CHECK(packed.targets.target == std::vector<std::int32_t>{3, 5, 2, 1, 1, 4, 6, 1});
  CHECK(packed.targets.prompt == std::vector<std::int32_t>{0, 0, 0, 0, 0, 1, 1, 1});
  CHECK(packed.targets.candidate_row == std::vector<std::int64_t>{1, 2, 3, 9, 10});
  CHECK(packed.targets.candidate_offsets == std::vector<std::int32_t>{0, 3, 5});
  CHECK(packed.sample_offsets == std::vector<std::int32_t>{0, 4, 5, 8});
  CHECK(packed.token_row == std::vector<std::int64_t>{5, 6, 7, -1, -1, 12, 13, -1});
  // The given mask, then nine layout tokens for each token without one.
  REQUIRE(packed.targets.allowed_offsets.size() == 9);
  CHECK(packed.targets.allowed_offsets[4] == 7);
  CHECK(packed.targets.allowed_offsets[8] == 7 + 4 * 9);
  CHECK(packed.targets.allowed[7] == 0);
  CHECK(packed.targets.allowed.back() == 8);
  // A placed item carries its candidate's fields.
  const auto bag = packed.batch.segments[1].tokens.at(1);
  CHECK(std::vector<TokenId>(bag.begin(), bag.end()) == std::vector<TokenId>{15, 1});
}

TEST_CASE("a response that begins as an earlier one has its rows from there") {
  const Prompt prompt = pack_prompt(5, 3);
  const std::vector<TokenId> a{13, 15, 12, 11}, b{13, 15, 16, 12, 11};
  std::vector<PackedRequest> requests{{&prompt, {a, b}, {}, {{}, {0, 2}}}};
  const PackedBatch packed = pack(kPackVocabulary, requests, true);
  // Rows: prompt 0-4, a 5-8, the last three of b 9-11.
  CHECK(packed.batch.rows() == 12);
  REQUIRE(packed.batch.segments.size() == 3);
  CHECK(packed.batch.segments[2].shared == 1);
  CHECK(packed.batch.segments[2].shared_rows == 2);
  CHECK(packed.batch.segments[2].first_position == 7);
  CHECK(packed.token_row == std::vector<std::int64_t>{5, 6, 7, 8, 5, 6, 9, 10, 11});
  CHECK(packed.targets.row == std::vector<std::int64_t>{4, 5, 6, 7, 4, 5, 6, 9, 10});
  requests[0].shared[1].tokens = 3;
  CHECK_THROWS_WITH(pack(kPackVocabulary, requests, true),
                    "pack: the first 3 tokens of response 1 are not those of response 0");
}

TEST_CASE("with the last token the page end is an input row too") {
  const Prompt prompt = pack_prompt(5, 3);
  const std::vector<TokenId> a{13, 15, 12, 11};
  const std::vector<PackedRequest> requests{{&prompt, {a, a}, {}}};
  const PackedBatch packed = pack(kPackVocabulary, requests, true);
  CHECK(packed.batch.rows() == 13);
  CHECK(packed.token_row == std::vector<std::int64_t>{5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(packed.targets.row == std::vector<std::int64_t>{4, 5, 6, 7, 4, 9, 10, 11});
}

TEST_CASE("an empty response and a mask of another length are refused") {
  const Prompt prompt = pack_prompt(5, 3);
  const std::vector<TokenId> a{13, 15}, none;
  PageGrammar::Masks mask;
  mask.indices = {3}, mask.offsets = {0, 1};
  const std::vector<PackedRequest> empty{{&prompt, {none}, {}}}, wrong{{&prompt, {a}, {&mask}}};
  REQUIRE_THROWS_WITH(pack(kPackVocabulary, empty, false), "pack: response 0 of a request is empty");
  REQUIRE_THROWS_WITH(pack(kPackVocabulary, wrong, false),
                      "pack: a mask of 1 steps for a response of 2 tokens");
}

}  // namespace pagewright
