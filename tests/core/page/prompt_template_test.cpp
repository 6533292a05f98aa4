#include "core/page/prompt_template.hpp"

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/config/config_file.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

PromptTemplate read_template(const std::string& yaml) {
  const ConfigFile file = parse_config(yaml, "prompt.yaml");
  const PromptTemplate result = PromptTemplate::from(file.root());
  file.finish();
  return result;
}

std::string template_errors(const std::string& yaml) {
  try {
    read_template(yaml);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string field_problem(const std::string& text, TemplateGroup group = TemplateGroup::candidate) {
  try {
    parse_template_field(text, group);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool template_says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TemplateField field_at(const std::string& text, TokenId first,
                       TemplateGroup group = TemplateGroup::candidate) {
  TemplateField field = parse_template_field(text, group);
  field.first_token = first;
  return field;
}

Item shoe_item(const std::string& id, std::optional<std::int64_t> price, const std::string& brand) {
  Item item;
  item.id = id;
  item.price = price;
  item.brand = brand;
  return item;
}

Request shoe_request() {
  Request request;
  request.id = "r1";
  request.timestamp = 1000;
  request.context = {{"device", "mobile"}, {"columns", "2"}};
  request.candidates = {shoe_item("a", 100, "x"), shoe_item("b", 400, ""), shoe_item("c", {}, "y"),
                        shoe_item("d", 100, "x")};
  request.candidates[3].ad = true;
  request.history = {{ActionKind::view, 900, shoe_item("b", 400, "")},
                     {ActionKind::cart, 0, shoe_item("zz", 50, "y")},
                     {ActionKind::click, 990, shoe_item("b", 400, "")},
                     {ActionKind::purchase, 999, shoe_item("d", 100, "x")}};
  return request;
}

TokenId hashed_token(const std::string& text, int size, TokenId first) {
  return first + static_cast<TokenId>(stable_hash(text) % static_cast<std::uint64_t>(size));
}

std::vector<std::vector<TokenId>> template_bags(const TokenBags& bags) {
  std::vector<std::vector<TokenId>> result;
  for (int i = 0; i < bags.size(); ++i) result.emplace_back(bags.at(i).begin(), bags.at(i).end());
  return result;
}

}  // namespace

TEST_CASE("a bucket field cuts its range into equal parts and clamps beyond it") {
  const TemplateField linear = field_at("{price|bucket:4:0:400}", 10);
  CHECK(linear.number(0) == 10);
  CHECK(linear.number(99.9) == 10);
  CHECK(linear.number(100) == 11);
  CHECK(linear.number(399) == 13);
  CHECK(linear.number(400) == 13);
  CHECK(linear.number(-5) == 10);
  CHECK(linear.number(1e300) == 13);
  CHECK(linear.number(std::numeric_limits<double>::infinity()) == 13);
  CHECK(linear.number(-std::numeric_limits<double>::infinity()) == 10);
  CHECK(linear.number(std::numeric_limits<double>::quiet_NaN()) == 14);
  CHECK(linear.absent() == 14);
  const TemplateField logarithmic = field_at("{price|bucket:3:log:1:1000}", 0);
  CHECK(logarithmic.number(0) == 0);
  CHECK(logarithmic.number(9.9) == 0);
  CHECK(logarithmic.number(10.1) == 1);
  CHECK(logarithmic.number(101) == 2);
  CHECK(logarithmic.number(1e9) == 2);
}

TEST_CASE("small whole numbers have a bucket each without a range") {
  const TemplateField action = field_at("{action|bucket:4}", 0, TemplateGroup::history);
  for (int kind = 0; kind < 4; ++kind) CHECK(action.number(kind) == kind);
  const TemplateField rank = field_at("{rank|bucket:25}", 0);
  for (int place = 0; place < 25; ++place) CHECK(rank.number(place) == place);
  CHECK(rank.number(30) == 24);
  CHECK(field_at("{ad|bucket:2}", 0).number(1) == 1);
}

TEST_CASE("a field that cannot be understood is refused with what would be right") {
  CHECK(template_says(field_problem("price|bucket:4"), "must be written in braces"));
  CHECK(template_says(field_problem("{price}"), "one `|`"));
  CHECK(template_says(field_problem("{prize|bucket:4}"), "no source `prize` here; there are id, title"));
  CHECK(template_says(field_problem("{action|bucket:4}"), "no source `action` here"));
  CHECK(template_says(field_problem("{query|hash:4}"), "no source `query` here"));
  CHECK(template_says(field_problem("{features.|bucket:4}"), "no source"));
  CHECK(template_says(field_problem("{price|bucket}"), "must end in bucket:SIZE"));
  CHECK(template_says(field_problem("{price|bucket:0}"), "a table size from 1"));
  CHECK(template_says(field_problem("{price|bucket:4x}"), "a table size from 1"));
  CHECK(template_says(field_problem("{price|bucket:4:9:1}"), "low < high"));
  CHECK(template_says(field_problem("{price|bucket:4:1}"), "must read {price|bucket:SIZE[:log][:LOW:HIGH]}"));
  CHECK(template_says(field_problem("{price|bucket:4:log:0:10}"), "must begin above 0"));
  CHECK(template_says(field_problem("{price|hash:4}"), "is a number; use bucket:4"));
  CHECK(template_says(field_problem("{brand|bucket:4}"), "is a text; use hash:4"));
  CHECK(template_says(field_problem("{price|text:4:5}"), "must read {price|text} or {price|text:TOKENS}"));
  CHECK(parse_template_field("{title|text}", TemplateGroup::candidate).kind == TemplateField::Kind::text);
}

TEST_CASE("text fields are known and refused until there is a tokenizer") {
  CHECK(template_says(
      template_errors("candidate: {tokens: [\"{title|text}\"]}"),
      "{title|text:32} needs a tokenizer: set model.path (not available for models trained from scratch)"));
}

TEST_CASE("mistakes in a template are reported with their places") {
  const std::string errors = template_errors(R"(
context: ["{prize|hash:4}"]
history: {last: 2}
candidate: {fused: ["{brand|hash:4}"], tokens: ["{brand|hash:4}"]}
)");
  CHECK(template_says(errors, "prompt.yaml:2:"));
  CHECK(template_says(errors, "history.last needs fields"));
  CHECK(template_says(errors, "either `fused` or `tokens`"));
  CHECK(template_says(template_errors("history: {fused: [\"{action|bucket:4}\"]}"),
                      "set history.last above 0"));
}

TEST_CASE("a fused prompt has one position an action and a candidate, and shared fields share a table") {
  const PromptTemplate fused = read_template(R"(
context: ["{context.device|hash:8}", "{context.columns|bucket:4:0:4}", "{context.none|hash:3}", "{query|hash:2}"]
history: {last: 3, fused: ["{action|bucket:4}", "{brand|hash:16}"]}
candidate: {fused: ["{brand|hash:16}", "{price|bucket:4:0:400}", "{ad|bucket:2}"]}
)");
  // <bos>, device 8+1 from 1, columns 4+1 from 10, none 3+1 from 15, query 2+1 from 19, action 4+1 from 22,
  // brand 16+1 from 27, price 4+1 from 44, ad 2+1 from 49.
  REQUIRE(fused.base_size() == 52);
  const LayoutVocabulary vocabulary(52, 2, 6);
  const TokenId x = hashed_token("x", 16, 27), y = hashed_token("y", 16, 27), none = 43;
  const Prompt prompt = fused.render(shoe_request(), {2, 0, 3, 1}, vocabulary);
  CHECK((template_bags(prompt.tokens) == std::vector<std::vector<TokenId>>{{0},
                                                                           {hashed_token("mobile", 8, 1)},
                                                                           {12},
                                                                           {18},
                                                                           {21},
                                                                           {24, y},
                                                                           {23, none},
                                                                           {25, x},
                                                                           {vocabulary.item(0), y, 48, 49},
                                                                           {vocabulary.item(1), x, 45, 49},
                                                                           {vocabulary.item(2), x, 45, 50},
                                                                           {vocabulary.item(3), none, 47, 49},
                                                                           {vocabulary.page_start()}}));
  CHECK((prompt.order == CandidateOrder{2, 0, 3, 1}));
  CHECK((prompt.candidate_position == std::vector<std::int32_t>{8, 9, 10, 11}));
  CHECK((template_bags(prompt.candidate_fields) ==
         std::vector<std::vector<TokenId>>{{y, 48, 49}, {x, 45, 49}, {x, 45, 50}, {none, 47, 49}}));
  CHECK(prompt.tokens.size() == fused.most_positions(4));
}

TEST_CASE("a prompt of separate tokens has one position a field, the candidate's last being its own") {
  const PromptTemplate apart = read_template(R"(
history: {last: 1, tokens: ["{action|bucket:4}", "{price|bucket:2:0:200}"]}
candidate: {tokens: ["{brand|hash:4}", "{price|bucket:4:0:400}"]}
placed_features: false
)");
  REQUIRE(apart.base_size() == 1 + 5 + 3 + 5 + 5);
  const LayoutVocabulary vocabulary(apart.base_size(), 1, 4);
  const Prompt prompt = apart.render(shoe_request(), {0, 1, 2, 3}, vocabulary);
  CHECK(prompt.tokens.size() == 1 + 2 + 4 * 3 + 1);
  CHECK(prompt.tokens.size() == apart.most_positions(4));
  CHECK((prompt.candidate_position == std::vector<std::int32_t>{5, 8, 11, 14}));
  CHECK(prompt.tokens.at(3)[0] == vocabulary.item(0));
  CHECK(prompt.candidate_fields.size() == 4);
  CHECK(prompt.candidate_fields.ids.empty());
}

TEST_CASE("a candidate's fields say what the user did to it and where its price stands") {
  const PromptTemplate facts = read_template(R"(
candidate: {fused: ["{history_count|bucket:4}", "{last_touched|bucket:8}", "{last_action|bucket:4}",
                    "{price_rank|bucket:4:0:1}", "{rank|bucket:4}", "{id|hash:64}"]}
)");
  CHECK(facts.uses_logged_rank());
  // count from 1, touched from 6, last action from 15, price rank from 20, rank from 25, id from 30.
  const LayoutVocabulary vocabulary(facts.base_size(), 1, 4);
  const Prompt prompt = facts.render(shoe_request(), {1, 3, 0, 2}, vocabulary);
  const std::vector<std::vector<TokenId>> fields = template_bags(prompt.candidate_fields);
  CHECK((fields[0] ==
         std::vector<TokenId>{3, 7, 16, 22, 26, hashed_token("b", 64, 30)}));  // twice, then one action more
  CHECK((fields[1] == std::vector<TokenId>{2, 6, 18, 20, 28, hashed_token("d", 64, 30)}));
  CHECK((fields[2] == std::vector<TokenId>{1, 14, 19, 20, 25, hashed_token("a", 64, 30)}));
  CHECK((fields[3] == std::vector<TokenId>{1, 14, 19, 24, 27, hashed_token("c", 64, 30)}));
  CHECK_FALSE(read_template("candidate: {fused: [\"{id|hash:8}\"]}").uses_logged_rank());
}

TEST_CASE("the age of an action is absent when a time is unknown") {
  const PromptTemplate ages = read_template(R"(
history: {last: 4, fused: ["{age|bucket:3:log:1:1000}"]}
)");
  const LayoutVocabulary vocabulary(ages.base_size(), 1, 4);
  const Prompt prompt = ages.render(shoe_request(), {0, 1, 2, 3}, vocabulary);
  CHECK((std::vector<TokenId>(prompt.tokens.ids.begin(), prompt.tokens.ids.begin() + 5) ==
         std::vector<TokenId>{0, 3, 4, 2, 1}));
}

TEST_CASE("a prompt is refused for an order or a number of candidates that do not fit") {
  const PromptTemplate plain = read_template("candidate: {fused: [\"{id|hash:8}\"]}");
  const LayoutVocabulary vocabulary(plain.base_size(), 1, 4);
  CHECK_THROWS_WITH(plain.render(shoe_request(), {0, 1, 1, 2}, vocabulary),
                    "the order of request r1 is no permutation of its 4 candidates");
  CHECK_THROWS_WITH(plain.render(shoe_request(), {0, 1, 2}, vocabulary),
                    "request r1 has 4 candidates, but its order has 3");
  CHECK_THROWS_WITH(plain.render(shoe_request(), {0, 1, 2, 3}, LayoutVocabulary(plain.base_size(), 1, 3)),
                    "request r1 has 4 candidates, but max_candidates is 3: raise it in the schema");
  CHECK_THROWS_AS(plain.render(shoe_request(), {0, 1, 2, 3}, LayoutVocabulary(3, 1, 4)), Error);
}

TEST_CASE("the hash of a template changes with its fields and switches") {
  const std::vector<std::string> variants = {
      "candidate: {fused: [\"{id|hash:8}\"]}",
      "candidate: {fused: [\"{id|hash:9}\"]}",
      "candidate: {tokens: [\"{id|hash:8}\"]}",
      "candidate: {fused: [\"{brand|hash:8}\"]}",
      "candidate: {fused: [\"{id|hash:8}\"]}\nplaced_features: false",
      "candidate: {fused: [\"{id|hash:8}\"]}\nhistory: {last: 2, fused: [\"{id|hash:8}\"]}",
      "candidate: {fused: [\"{id|hash:8}\"]}\nhistory: {last: 3, fused: [\"{id|hash:8}\"]}",
      "candidate: {fused: [\"{id|hash:8}\"]}\nhistory: {last: 3, tokens: [\"{id|hash:8}\"]}",
  };
  for (std::size_t i = 0; i < variants.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      CHECK(read_template(variants[i]).hash() != read_template(variants[k]).hash());
}

}  // namespace pagewright
