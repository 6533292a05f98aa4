#include "rewards/feedback/item_space.hpp"

#include <cmath>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Item shoe(const std::string& id, std::int64_t price, double heat, const std::string& brand = "Fleet") {
  Item item;
  item.id = id;
  item.price = price;
  item.category = "shoes";
  item.brand = brand;
  item.features = {{"heat", heat}};
  return item;
}

FeedbackLog log_of(const std::vector<Item>& candidates, Split split = Split::train) {
  FeedbackLog log;
  LoggedRequest& logged = log.requests.emplace_back();
  logged.split = split;
  logged.request.candidates = candidates;
  return log;
}

TEST_CASE("without vectors the parts of the distance are added up, numbers in standard deviations") {
  // log(price + 1) is 2, 4 and 6, with variance 8/3; heat is 0, 0 and 3, with variance 2.
  const auto price = [](double log) { return static_cast<std::int64_t>(std::llround(std::exp(log))) - 1; };
  const Item low = shoe("a", price(2), 0), middle = shoe("b", price(4), 0), high = shoe("c", price(6), 3);
  FeedbackLog log = log_of({low, middle, high});
  log.requests.push_back(log_of({shoe("d", 90000000, 500)}, Split::valid).requests[0]);
  const ItemSpace space(log, "");
  CHECK(space.distance(low, low) == 0);
  CHECK(space.distance(low, middle) == Approx(4 / (2 * 8.0 / 3)).epsilon(0.05));
  CHECK(space.distance(low, high) == Approx(16 / (2 * 8.0 / 3) + 9 / 4.0).epsilon(0.05));
  CHECK(space.distance(high, low) == space.distance(low, high));
  Item other = low;
  other.brand = "Other";
  other.seller = "s2";
  CHECK(space.distance(low, other) == Approx(2));
  other = low;
  other.price.reset();
  other.features.clear();
  CHECK(space.distance(low, other) == Approx(2));
}

TEST_CASE("what does not vary is no distance") {
  const ItemSpace space(log_of({shoe("a", 500, 1), shoe("b", 500, 1)}), "");
  CHECK(space.distance(shoe("a", 500, 1), shoe("x", 900, 7)) == 0);
  CHECK(ItemSpace(FeedbackLog{}, "").distance(shoe("a", 500, 1), shoe("x", 900, 7)) == 0);
}

TEST_CASE("with a prefix items are compared by the cosine of their vectors alone") {
  const auto item = [](double x, double y) {
    Item made = shoe("a", 100, 5);
    made.features = {{"emb_0", x}, {"emb_1", y}, {"other", 1000 * x}};
    return made;
  };
  const ItemSpace space(FeedbackLog{}, "emb_");
  CHECK(space.distance(item(1, 0), item(7, 0)) == Approx(0).margin(1e-12));
  CHECK(space.distance(item(1, 0), item(0, 2)) == Approx(1));
  CHECK(space.distance(item(1, 0), item(-3, 0)) == Approx(2));
  CHECK(space.distance(item(1, 0), item(2, 2)) == Approx(1 - std::sqrt(0.5)));
  CHECK(space.distance(item(0, 0), item(2, 2)) == 1);
  Item partial = item(4, 0);
  partial.features.erase("emb_1");
  CHECK(space.distance(item(1, 0), partial) == Approx(0).margin(1e-12));
}

}  // namespace
}  // namespace pagewright
