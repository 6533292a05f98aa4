#pragma once
#include <cstdint>

#include "core/page/page_grammar.hpp"
#include "core/page/page_schema.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright::test {

/// A carousel of `slots` and under it a grid of `slots` in two columns.
PageSchema carousel_and_grid(int slots = 4, int max_candidates = 20);

/// The default shop with fewer pages.
World small_world(std::uint64_t seed, std::int64_t pages = 300, std::int64_t test_requests = 60);

/// The grammar of a request with its candidates in their own order and no base vocabulary.
PageGrammar own_grammar(const PageSchema& schema, const Request& request);

/// A page with uniformly drawn items.
Page uniform_page(const World& world, const Request& request, std::uint64_t key);

}  // namespace pagewright::test
