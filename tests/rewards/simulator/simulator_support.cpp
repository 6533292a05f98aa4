#include "tests/rewards/simulator/simulator_support.hpp"

#include <numeric>
#include <vector>

#include "rewards/simulator/item_walk.hpp"
#include "rewards/simulator/logging_policy.hpp"

namespace pagewright::test {

PageSchema carousel_and_grid(int slots, int max_candidates) {
  PageSchema schema;
  SectionType carousel, grid;
  carousel.name = carousel.layout = "carousel";
  grid.name = grid.layout = "grid";
  grid.columns = 2;
  for (SectionType* type : {&carousel, &grid}) type->min_slots = type->max_slots = slots;
  schema.section_types = {carousel, grid};
  schema.min_sections = schema.max_sections = 2;
  schema.section_order = {0, 1};
  schema.max_candidates = max_candidates;
  return schema;
}

World small_world(std::uint64_t seed, std::int64_t pages, std::int64_t test_requests) {
  SimulatorConfig config;
  config.pages = pages;
  config.test_requests = test_requests;
  return World(config, carousel_and_grid(), seed);
}

PageGrammar own_grammar(const PageSchema& schema, const Request& request) {
  CandidateOrder order(request.candidates.size());
  std::iota(order.begin(), order.end(), 0);
  return PageGrammar(schema, layout_only(schema), request, order);
}

Page uniform_page(const World& world, const Request& request, std::uint64_t key) {
  const std::vector<double> scores(request.candidates.size(), 0.0);
  return draw_plackett_luce(world, own_grammar(world.schema(), request), scores, 1.0,
                            CounterRandom(5, RandomStream::baseline, 0, key))
      .page;
}

}  // namespace pagewright::test
