#include "core/metrics/page_metrics.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Request request_with_categories(const std::vector<std::string>& categories) {
  Request request;
  request.id = "r";
  for (std::size_t i = 0; i < categories.size(); ++i) {
    Item item;
    item.id = "i" + std::to_string(i);
    item.category = categories[i];
    item.brand = i % 2 == 0 ? "even" : "odd";
    request.candidates.push_back(item);
  }
  return request;
}

}  // namespace

TEST_CASE("attribute diversity is the share of slot pairs that differ") {
  const Request request = request_with_categories({"a", "a", "b", "", ""});
  CHECK(attribute_diversity(request, {{{0, {0, 1}}}}, ItemAttribute::category) == 0);
  CHECK(attribute_diversity(request, {{{0, {0}}, {1, {2}}}}, ItemAttribute::category) == 1);
  CHECK(attribute_diversity(request, {{{0, {0, 1}}, {1, {2}}}}, ItemAttribute::category) == Approx(2.0 / 3));
  CHECK(attribute_diversity(request, {{{0, {0, 1, 2}}}}, ItemAttribute::brand) == Approx(2.0 / 3));
  CHECK(attribute_diversity(request, {{{0, {3, 4}}}}, ItemAttribute::category) == 1);
  CHECK(std::isnan(attribute_diversity(request, {{{0, {0}}}}, ItemAttribute::category)));
  CHECK(std::isnan(attribute_diversity(request, {{{0, {0, 1, 2}}}}, ItemAttribute::seller)));
  CHECK_THROWS_AS(attribute_diversity(request, {{{0, {0, 9}}}}, ItemAttribute::category), Error);
}

TEST_CASE("attribute diversity equals the intra-list distance of one-hot vectors") {
  CounterRandom random(5, RandomStream::baseline);
  for (int repetition = 0; repetition < 20; ++repetition) {
    std::vector<std::string> categories;
    std::vector<std::vector<double>> vectors;
    Page page{{{0, {}}}};
    for (int i = 0; i < 7; ++i) {
      const auto category = static_cast<std::size_t>(random.below(3));
      categories.push_back(std::string(1, static_cast<char>('a' + category)));
      vectors.emplace_back(3, 0.0);
      vectors.back()[category] = 1;
      page.sections[0].items.push_back(i);
    }
    const double diversity =
        attribute_diversity(request_with_categories(categories), page, ItemAttribute::category);
    CHECK(diversity == Approx(intra_list_distance(vectors, 7)));
  }
}

TEST_CASE("duplicates are counted across sections") {
  CHECK(duplicate_rate({{{0, {0, 1}}, {1, {2, 0}}}}) == 0.25);
  CHECK(duplicate_rate({{{0, {3, 3, 3, 3}}}}) == 0.75);
  CHECK(duplicate_rate({{{0, {0, 1, 2}}}}) == 0);
  CHECK(duplicate_rate({}) == 0);
}

TEST_CASE("coverage counts distinct items over all pages") {
  const Request request = request_with_categories({"a", "b", "c", "d"});
  CoverageTally tally;
  CHECK(tally.coverage() == 0);
  tally.add(request, {{{0, {0, 1}}}});
  CHECK(tally.coverage() == 0.5);
  tally.add(request, {{{0, {1, 2}}}});
  CHECK(tally.shown() == 3);
  CHECK(tally.candidates() == 4);
}

TEST_CASE("validity keeps a count per cause") {
  ValidityTally tally;
  CHECK(tally.rate() == 0);
  const std::vector<std::string> two{"duplicate_item", "max_ads"}, one{"max_ads"}, twice{"ad_gap", "ad_gap"};
  tally.add({});
  tally.add(two);
  tally.add(one);
  tally.add(twice);
  CHECK(tally.pages() == 4);
  CHECK(tally.rate() == 0.25);
  CHECK(tally.causes() ==
        std::map<std::string, std::int64_t>{{"ad_gap", 1}, {"duplicate_item", 1}, {"max_ads", 2}});
}

}  // namespace pagewright
