#include "core/iteration/page_walk.hpp"

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Sections "a" (1 to 2 slots) and "b" (1 slot), at most two of them, in any order.
PageLanguage walk_language() {
  PageSchema schema;
  SectionType a, b;
  a.name = "a";
  a.max_slots = 2;
  b.name = "b";
  schema.section_types = {a, b};
  schema.max_sections = 2;
  schema.max_candidates = 4;
  return PageLanguage(schema, PromptTemplate(), CandidateOrderKind::shuffled, 9);
}

Request walk_request() {
  Request request;
  request.id = "r";
  for (const char* id : {"w", "x", "y", "z"}) request.candidates.emplace_back().id = id;
  return request;
}

}  // namespace

TEST_CASE("a page walk places candidates by their number, whatever order the prompt shows them in") {
  const PageLanguage language = walk_language();
  const Request request = walk_request();
  for (std::int64_t key = 0; key < 6; ++key) {
    const KeyedRequest keyed{&request, key};
    PageWalk walk(language, keyed, {});
    CHECK(walk.items().empty());
    walk.take_structure();
    CHECK(walk.items().size() == 4);
    walk.place(2);
    walk.place(0);
    CHECK(walk.items().empty());
    walk.take_structure();
    walk.take_structure();
    walk.place(3);
    while (!walk.finished()) walk.take_structure();
    const Trajectory page = walk.trajectory(1);
    CHECK(page.page == Page{{{0, {2, 0}}, {1, {3}}}});
    CHECK(page.request == key);
    CHECK(page.sample == 1);
    CHECK(page.order == language.candidate_order(request, 0, static_cast<std::uint64_t>(key)));
    CHECK(page.tokens == language.encode(page.order, page.page).tokens);
    CHECK(page.spans == language.encode(page.order, page.page).spans);
    CHECK(page.log_probs.size() == page.tokens.size());
  }
}

TEST_CASE("a page closed early holds the items so far and one more, and leaves the walk where it was") {
  const PageLanguage language = walk_language();
  const Request request = walk_request();
  const KeyedRequest keyed{&request, 0};
  PageWalk walk(language, keyed, {});
  walk.take_structure();
  walk.place(1);
  const Trajectory closed = walk.closed_with(3, 7);
  CHECK(closed.page == Page{{{0, {1, 3}}}});
  CHECK(closed.sample == 7);
  CHECK(language.decode(closed.order, closed.tokens).page == closed.page);
  CHECK(walk.closed_with(0, 0).page == Page{{{0, {1, 0}}}});
  CHECK_THROWS_AS(walk.closed_with(1, 0), Error);
  walk.restart();
  CHECK(walk.items().empty());
}

TEST_CASE("a page walk refuses what the grammar does not allow") {
  const PageLanguage language = walk_language();
  const Request request = walk_request();
  const KeyedRequest keyed{&request, 0};
  PageWalk walk(language, keyed, {});
  CHECK_THROWS_AS(walk.place(0), Error);
  CHECK_THROWS_AS(walk.trajectory(0), Error);
  walk.take_structure();
  CHECK_THROWS_AS(walk.place(4), Error);
  CHECK_THROWS_AS(walk.place(-1), Error);
  CHECK_THROWS_AS(walk.take_structure(), Error);
  walk.place(0);
  CHECK_THROWS_AS(walk.place(0), Error);
}

}  // namespace pagewright
