#include "core/page/page_json.hpp"

#include <limits>

#include "core/base/error.hpp"
#include "tests/core/page/random_pages_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Request rich_json_request() {
  Request request;
  request.id = "r\"1\"\n";
  request.user = "u9";
  request.query = "l\u00e4ufer \u978b";
  request.timestamp = 1700000000123;
  request.context = {{"device", "mobile"}, {"type", "search"}, {"", "empty key"}};
  Item item;
  item.id = "B07";
  item.title = "Runner \U0001F45F \"pro\"\t\u0001";
  item.price = std::numeric_limits<std::int64_t>::max();
  item.currency = "EUR";
  item.category = "shoes";
  item.brand = "x";
  item.seller = "s1";
  item.ad = true;
  item.features = {{"score", 0.1},     {"tiny", 5e-324},     {"large", 1.7976931348623157e308},
                   {"third", 1.0 / 3}, {"minus zero", -0.0}, {"whole", 3}};
  request.candidates = {item, Item{}, Item{}};
  request.candidates[1].id = "B12";
  request.candidates[2].id = "B33";
  request.candidates[2].price = 0;
  request.history = {{ActionKind::purchase, 1699999999, item}, {ActionKind::view, 0, request.candidates[1]}};
  return request;
}

PageSchema shop_json_schema() {
  PageSchema schema;
  schema.section_types = {{"again", "carousel", 1, 3, 1, false, true},
                          {"more", "grid", 1, 4, 2, false, true}};
  schema.section_order = {0, 1};
  return schema;
}

std::string request_with(const std::string& candidates) {
  return R"({"request_id":"r1","candidates":[{"id":"a"},{"id":"b"},{"id":"c"},)" + candidates + "]}";
}

std::string request_problem(const std::string& text) {
  try {
    request_from_json(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string page_problem(const std::string& text) {
  Request request = request_from_json(R"({"request_id":"r1","candidates":[{"id":"a"},{"id":"b"}]})");
  try {
    page_from_json(shop_json_schema(), request, text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string fields_problem(const std::string& text) {
  try {
    page_fields_from_json(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a request comes back from JSON exactly") {
  const Request request = rich_json_request();
  const std::string text = request_to_json(request);
  CHECK(text.find('\n') == std::string::npos);
  const Request back = request_from_json(text);
  CHECK((back == request));
  CHECK(std::signbit(back.candidates[0].features.at("minus zero")));
  CHECK(request_to_json(back) == text);
}

TEST_CASE("random requests and pages come back from JSON exactly") {
  for (std::uint64_t round = 0; round < 100; ++round) {
    CounterRandom random(5, RandomStream::world, 2, round);
    Request request = random_request(random, {3, 3, 6, 3});
    for (Item& item : request.candidates)
      item.features["f"] = random.normal() * std::exp(20 * random.normal());
    REQUIRE((request_from_json(request_to_json(request)) == request));
    PageSchema schema = shop_json_schema();
    Page page{{{1, {5, 0}}, {0, {3, 1, 2}}, {1, {4}}}};
    const PageJsonFields fields{"p1", "policy", {random.uniform(), {random.uniform(), 0.25}}};
    const std::string text = page_to_json(schema, request, page, fields);
    REQUIRE((page_from_json(schema, request, text) == page));
    REQUIRE((request_from_json(text) == request));
    REQUIRE((page_fields_from_json(text) == fields));
  }
}

TEST_CASE("a page is written with its request, sections, policy and propensities") {
  const Request request =
      request_from_json(R"({"request_id":"r1","context":{"user":"u9","columns":2,"beta":true},"type":"search",
                           "candidates":[{"id":"a","price":5990,"currency":"EUR"},{"id":"b"}]})");
  CHECK(request.user == "u9");
  CHECK((request.context ==
         std::map<std::string, std::string>{{"columns", "2"}, {"beta", "true"}, {"type", "search"}}));
  const std::string text = page_to_json(shop_json_schema(), request, Page{{{0, {1}}, {1, {0}}}},
                                        {"p1", "both@1", {0.125, {0.5, 0.25}}});
  CHECK(text == R"({"page_id":"p1","policy_id":"both@1","request_id":"r1","type":"search",)"
                R"("context":{"user":"u9","beta":"true","columns":"2"},)"
                R"("candidates":[{"id":"a","price":5990,"currency":"EUR"},{"id":"b"}],"order":["s1","s2"],)"
                R"("sections":{"s1":{"type":"again","layout":"carousel","items":["b"]},)"
                R"("s2":{"type":"more","layout":"grid","columns":2,"items":["a"]}},)"
                R"("page_propensity":0.125,"slot_propensities":[0.5,0.25],)"
                R"("slot_propensity_kind":"slot_given_prefix"})");
}

TEST_CASE("an unreadable request is refused with the path of the key") {
  const std::string price = "candidates[3].price: must be an integer >= 0 in minor units";
  CHECK(request_problem(request_with(R"({"id":"d","price":-1})")) == price);
  CHECK(request_problem(request_with(R"({"id":"d","price":19.9})")) == price);
  CHECK(request_problem(request_with(R"({"id":"d","price":"19"})")) == price);
  CHECK(request_problem(request_with(R"({"id":"d","price":9223372036854775808})")) == price);
  CHECK(request_problem(request_with(R"({"id":"b"})")) == "candidates[3].id: b is there twice");
  CHECK(request_problem(request_with(R"({"title":"d"})")) == "candidates[3].id: missing; it must be a text");
  CHECK(request_problem(request_with(R"({"id":""})")) == "candidates[3].id: must not be empty");
  CHECK(request_problem(request_with(R"({"id":4})")) == "candidates[3].id: must be a text, not 4");
  CHECK(request_problem(request_with("7")) == "candidates[3]: must be an object {...}, not number");
  CHECK(request_problem(request_with(R"({"id":"d","ad":1})")) ==
        "candidates[3].ad: must be true or false, not 1");
  CHECK(request_problem(request_with(R"({"id":"d","features":{"q":"high"}})")) ==
        "candidates[3].features.q: must be a number, not \"high\"");
  CHECK(request_problem(request_with(R"({"id":"d","prise":3})")).find("candidates[3].prise: unknown key") ==
        0);
  CHECK(request_problem(request_with(R"({"id":"d","prise":3})")).find("price") != std::string::npos);
  CHECK(request_problem(R"({"request_id":"r1"})") == "candidates: a request needs at least one candidate");
  CHECK(request_problem(R"({"request_id":"r1","candidates":{}})") ==
        "candidates: must be a list [...], not object");
  CHECK(request_problem(R"({"candidates":[{"id":"a"}]})") == "request_id: missing; it must be a text");
  CHECK(request_problem(R"({"request_id":"r1","candidates":[{"id":"a"}],"constraints":{"max_ads":1}})")
            .find("constraints: ") == 0);
  CHECK(request_problem(R"({"request_id":"r","user":"a","context":{"user":"b"},"candidates":[{"id":"a"}]})")
            .find("user: given here and in the context") == 0);
  CHECK(
      request_problem(
          R"({"request_id":"r","history":[{"action":"look","item":{"id":"a"}}],"candidates":[{"id":"a"}]})") ==
      "history[0].action: must be view, click, cart or purchase, not look");
  CHECK(request_problem(R"({"request_id":"r","history":[{"action":"click"}],"candidates":[{"id":"a"}]})")
            .find("history[0].item: missing") == 0);
  CHECK(request_problem(R"([1])") == "must be an object {...}, not array");
  CHECK(request_problem(R"({"request_id":"r1","candid)")
            .find("not valid JSON: parse error at line 1, column ") == 0);
  CHECK(request_problem("{\"request_id\":\"\xff\"}").find("not valid JSON: ") == 0);
  CHECK(request_problem(R"({"request_id":"r1","candidates":[{"id":"a","features":{"q":1e999}}]})")
            .find("not valid JSON: ") == 0);
}

TEST_CASE("keys that the caller reads itself may stand beside a request") {
  const std::string text = R"({"request_id":"r1","candidates":[{"id":"a"}],"events":[]})";
  CHECK(request_problem(text).find("events: unknown key") == 0);
  const std::string_view others[] = {"events"};
  CHECK(request_from_json(text, others).id == "r1");
  CHECK(request_from_json(R"({"page_id":"p7","candidates":[{"id":"a"}]})").id == "p7");
}

TEST_CASE("an unreadable page is refused with the path of the key") {
  CHECK(page_problem(R"({"order":["s1"],"sections":{"s1":{"type":"again","items":["a","zz"]}}})") ==
        "sections.s1.items[1]: item zz is not among the candidates of request r1");
  CHECK(page_problem(R"({"order":["s1"],"sections":{"s1":{"type":"hero","items":["a"]}}})") ==
        "sections.s1.type: the schema has no section type hero; it has again, more");
  CHECK(page_problem(R"({"order":["s2"],"sections":{"s1":{"type":"again","items":["a"]}}})") ==
        "order[0]: sections has no s2");
  CHECK(page_problem(R"({"order":[],"sections":{"s1":{"type":"again","items":["a"]}}})") ==
        "sections.s1: this section is missing in `order`");
  CHECK(page_problem(R"({"order":["s1","s1"],"sections":{"s1":{"type":"again","items":["a"]}}})") ==
        "order[1]: section s1 is there twice");
  CHECK(page_problem(R"({"order":["s1"],"sections":{"s1":{"type":"again","items":[1]}}})") ==
        "sections.s1.items[0]: must be a text, not 1");
  CHECK(page_problem(R"({"order":["s1"]})").find("sections: missing") == 0);
  CHECK(fields_problem(R"({"page_propensity":0})") == "page_propensity: must be above 0 and at most 1");
  CHECK(fields_problem(R"({"slot_propensities":[0.5,1.5]})") ==
        "slot_propensities[1]: must be above 0 and at most 1");
}

TEST_CASE("what JSON cannot hold is refused when writing") {
  Request request = rich_json_request();
  request.candidates[1].features["bad"] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(request_to_json(request), "candidates[1].features.bad: JSON has no number for nan");
  request = rich_json_request();
  request.candidates[1].title = "\xff\xfe";
  CHECK_THROWS_AS(request_to_json(request), Error);
  request = rich_json_request();
  request.context["user"] = "u";
  CHECK_THROWS_WITH(request_to_json(request), "context.user: this key is kept for Request::user");
}

}  // namespace pagewright
