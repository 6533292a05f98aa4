#include "core/page/field_value.hpp"

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

std::string words_of(const std::string& field, TemplateGroup group, const FieldPlace& place) {
  return field_words(parse_template_field(field, group), place);
}

struct ShoeShop {
  Request request;
  CandidateFacts facts;
  ShoeShop() {
    request.query = "running shoes";
    request.timestamp = 1'000'000;
    request.context = {{"device", "mobile"}};
    Item shoe;
    shoe.id = "s1";
    shoe.title = "Trail shoe";
    shoe.price = 1905;
    shoe.currency = "EUR";
    shoe.ad = true;
    shoe.features = {{"rating", 4.25}};
    request.candidates = {shoe};
    request.history = {{ActionKind::cart, 1'000'000 - 3 * 86'400 - 5, shoe}};
    facts = {0.25, 2, 0, ActionKind::purchase};
  }
  FieldPlace candidate() const {
    return {.request = &request, .item = &request.candidates[0], .rank = 7, .facts = &facts};
  }
  FieldPlace action() const {
    return {.request = &request, .action = &request.history[0], .item = &request.history[0].item};
  }
};

}  // namespace

TEST_CASE("values are written as a reader would write them") {
  const ShoeShop shop;
  const auto candidate = [&](const char* field) {
    return words_of(field, TemplateGroup::candidate, shop.candidate());
  };
  CHECK(candidate("{title|text}") == "Trail shoe");
  CHECK(candidate("{price|text}") == "19.05 EUR");
  CHECK(candidate("{ad|text}") == "sponsored");
  CHECK(candidate("{features.rating|text}") == "4.25");
  CHECK(candidate("{price_rank|text}") == "25 %");
  CHECK(candidate("{rank|text}") == "7");
  CHECK(candidate("{last_action|text}") == "bought");
  const auto action = [&](const char* field) {
    return words_of(field, TemplateGroup::history, shop.action());
  };
  CHECK(action("{action|text}") == "put in the cart");
  CHECK(action("{age|text}") == "3 days ago");
  CHECK(words_of("{query|text}", TemplateGroup::context, {.request = &shop.request}) == "running shoes");
  CHECK(words_of("{context.device|text}", TemplateGroup::context, {.request = &shop.request}) == "mobile");
}

TEST_CASE("what is not known is called unknown") {
  ShoeShop shop;
  shop.request.candidates[0].price.reset();
  shop.request.candidates[0].title.clear();
  shop.request.timestamp = 0;
  shop.facts.last_touched = -1;
  for (const char* field : {"{price|text}", "{title|text}", "{brand|text}", "{features.width|text}",
                            "{last_touched|text}", "{last_action|text}"})
    CHECK(words_of(field, TemplateGroup::candidate, shop.candidate()) == "unknown");
  CHECK(words_of("{age|text}", TemplateGroup::history, shop.action()) == "unknown");
  CHECK(words_of("{context.city|text}", TemplateGroup::context, {.request = &shop.request}) == "unknown");
}

TEST_CASE("prices have as many decimals as their currency") {
  ShoeShop shop;
  const auto price = [&](const char* currency, std::int64_t minor) {
    shop.request.candidates[0].currency = currency;
    shop.request.candidates[0].price = minor;
    return words_of("{price|text}", TemplateGroup::candidate, shop.candidate());
  };
  CHECK(price("JPY", 1500) == "1500 JPY");
  CHECK(price("KWD", 1500) == "1.500 KWD");
  CHECK(price("USD", 7) == "0.07 USD");
  CHECK(price("", 250) == "2.50");
  CHECK(price("XXX", 250) == "2.50");  // ISO 4217: no currency, as in imported trivago pages
}

}  // namespace pagewright
