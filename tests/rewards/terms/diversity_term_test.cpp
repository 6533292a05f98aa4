#include "rewards/terms/diversity_term.hpp"

#include "tests/support/catch.hpp"

namespace pagewright {

namespace {

RequestPages group_with_categories(const Request& request, std::vector<std::vector<std::int32_t>> pages) {
  RequestPages group;
  group.request = &request;
  for (auto& items : pages) group.pages.push_back(Page{{PageSection{0, std::move(items)}}});
  return group;
}

Item item_of_category(std::string id, std::string category) {
  Item item;
  item.id = std::move(id);
  item.category = std::move(category);
  return item;
}

}  // namespace

TEST_CASE("the diversity term is the number of distinct categories over the slots") {
  Request request;
  request.candidates = {item_of_category("a", "shoes"), item_of_category("b", "shoes"),
                        item_of_category("c", "hats"), item_of_category("d", ""), item_of_category("e", "")};
  DiversityTerm term;
  const RequestPages group = group_with_categories(request, {{0, 1}, {0, 2}, {0, 1, 2, 3}, {3, 4}});
  const auto scores = term.score(std::span(&group, 1));
  REQUIRE(scores.size() == 4);
  CHECK(scores[0].page == Approx(0.5));
  CHECK(scores[1].page == Approx(1.0));
  CHECK(scores[2].page == Approx(0.75));
  CHECK(scores[3].page == Approx(1.0));
  CHECK(scores[2].slots.empty());
}

}  // namespace pagewright
