#include "rewards/terms/rules/slot_rules.hpp"

#include <cmath>

#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/rules/slot_rule_term.hpp"
#include "rewards/terms/rules/validity_term.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Item rule_item(std::string category, std::string brand, std::optional<std::int64_t> price,
               std::string seller = "", bool ad = false) {
  Item item;
  item.category = std::move(category);
  item.brand = std::move(brand);
  item.price = price;
  item.seller = std::move(seller);
  item.ad = ad;
  return item;
}

/// Shoes of one brand at 100, 115 and 130, a hat, and something without any field but an ad's.
Request rule_request() {
  Request request;
  request.timestamp = 10'000;
  request.candidates = {rule_item("shoes", "x", 100, "s1"), rule_item("shoes", "x", 115, "s2"),
                        rule_item("shoes", "x", 130, "s1"), rule_item("hats", "x", 100, "s3", true),
                        rule_item("", "", {}, "", true)};
  request.candidates[0].features = {{"margin", 0.2}, {"age", 0}, {"listed", 10'000}};
  request.candidates[1].features = {{"margin", -0.1}, {"age", 7}, {"listed", 9'400}};
  request.candidates[2].features = {{"age", 21}, {"listed", 20'000}};
  return request;
}

std::vector<double> said(const SlotValueRule& rule, std::vector<std::int32_t> items) {
  const Request request = rule_request();
  return rule(request, items);
}

TEST_CASE("redundancy marks each slot that repeats an earlier one") {
  CHECK(said(redundancy_rule(1.2), {0, 1, 2, 3, 4}) == std::vector<double>{0, -1, -1, 0, 0});
  // 130 is not within 1.2 times 100.
  CHECK(said(redundancy_rule(1.2), {2, 0, 1}) == std::vector<double>{0, 0, -1});
  CHECK(said(redundancy_rule(1), {0, 1, 2}) == std::vector<double>{0, 0, 0});
}

TEST_CASE("price bands hold their lower bound, not their upper one") {
  CHECK(said(price_band_rule(100, 130), {0, 1, 2, 4}) == std::vector<double>{1, 1, 0, 0});
  CHECK(said(price_band_rule(115, {}), {0, 1, 2, 4}) == std::vector<double>{0, 1, 1, 0});
}

TEST_CASE("attributes, ads and features are read from the item") {
  CHECK(said(attribute_rule(ItemAttribute::seller, {"s1", "s3"}), {0, 1, 2, 3, 4}) ==
        std::vector<double>{1, 0, 1, 1, 0});
  CHECK(said(attribute_rule(ItemAttribute::category, {"hats"}), {0, 3}) == std::vector<double>{0, 1});
  CHECK(said(ad_rule(), {0, 3, 4}) == std::vector<double>{0, 1, 1});
  CHECK(said(feature_rule("margin", 0.1), {0, 1, 2}) == std::vector<double>{2, -1, 0});
}

TEST_CASE("freshness halves with each half-life, from an age or a time") {
  const auto by_age = said(freshness_rule("age", FieldMeaning::age, 7), {0, 1, 2, 3});
  CHECK(by_age == std::vector<double>{1, 0.5, 0.125, 0});
  // What is listed after the request is new.
  const auto by_time = said(freshness_rule("listed", FieldMeaning::time, 600), {0, 1, 2});
  CHECK(by_time == std::vector<double>{1, 0.5, 1});
}

TEST_CASE("weights of slots sum to one and fall as those of DCG") {
  CHECK(position_weights(4, SlotPositions::equal) == std::vector<double>(4, 0.25));
  const auto weights = position_weights(3, SlotPositions::discounted);
  const double all = 1 + 1 / std::log2(3) + 0.5;
  CHECK(weights[0] == Approx(1 / all));
  CHECK(weights[1] == Approx(1 / std::log2(3) / all));
  CHECK(weights[2] == Approx(0.5 / all));
}

RequestPages one_page(const Request& request, std::vector<std::int32_t> items) {
  RequestPages group;
  group.request = &request;
  group.pages.push_back(Page{{PageSection{0, std::move(items)}}});
  return group;
}

TEST_CASE("a slot rule pays each slot, or the page for its distance from a target, or nobody") {
  const Request request = rule_request();
  const RequestPages group = one_page(request, {0, 1, 3, 4});
  RuleConfig config;
  config.kind = RuleKind::ads;
  const auto score = [&](RulePayment payment) {
    return SlotRuleTerm("ads", config, payment).score(std::span(&group, 1)).at(0);
  };
  const TermScore slots = score(RulePayment::slots);
  CHECK(slots.slots == std::vector<float>{0, 0, 0.25F, 0.25F});
  CHECK(slots.slots_raw == slots.slots);
  CHECK(slots.page == 0);
  const TermScore measured = score(RulePayment::measured);
  CHECK(measured.slots_raw == slots.slots);
  CHECK(measured.slots.empty());
  CHECK(measured.page == 0);
  config.target = 0.2;
  const TermScore target = score(RulePayment::target);
  CHECK(target.page == Approx(-0.3));
  CHECK(target.page_raw == Approx(0.5));
  CHECK(target.slots.empty());
}

TEST_CASE("diversity counts the values of the attribute that is asked for") {
  const Request request = rule_request();
  const RequestPages group = one_page(request, {0, 1, 2, 3});
  const auto page = [&](ItemAttribute attribute) {
    return DiversityTerm("diverse", attribute).score(std::span(&group, 1)).at(0).page;
  };
  CHECK(page(ItemAttribute::category) == 0.5F);
  CHECK(page(ItemAttribute::brand) == 0.25F);
  CHECK(page(ItemAttribute::seller) == 0.75F);
}

TEST_CASE("validity is one, or minus the number of rules that a page breaks") {
  const Request request = rule_request();
  PageSchema schema;
  SectionType list;
  list.name = "list";
  list.max_slots = 2;
  schema.section_types = {list};
  schema.max_ads = 1;
  ValidityTerm term("valid", schema);
  const RequestPages good = one_page(request, {0, 1}), bad = one_page(request, {0, 3, 4});
  CHECK(term.score(std::span(&good, 1)).at(0).page == 1);
  CHECK(term.score(std::span(&bad, 1)).at(0).page == -2);  // slots and ads
}

}  // namespace
}  // namespace pagewright
