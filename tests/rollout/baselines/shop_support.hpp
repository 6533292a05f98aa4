#pragma once
// A small made-up shop for the tests of baseline policies.

#include <exception>
#include <string>
#include <vector>

#include "core/base/rng.hpp"
#include "core/page/page_language.hpp"

namespace pagewright::test {

/// Two sections: a carousel of 1 to 2 slots, then a list of 2 to 4; at most 2 items of a brand and 1 ad.
inline PageSchema shop_schema() {
  PageSchema schema;
  SectionType carousel, list;
  carousel.name = "carousel";
  carousel.max_slots = 2;
  list.name = "list";
  list.min_slots = 2;
  list.max_slots = 4;
  schema.section_types = {carousel, list};
  schema.section_order = {0, 1};
  schema.min_sections = schema.max_sections = 2;
  schema.max_candidates = 16;
  schema.caps = {{"brand", 2}};
  schema.max_ads = 1;
  return schema;
}

inline Request shop_request(std::uint64_t number, int candidates = 12) {
  CounterRandom random(17, RandomStream::world, 0, number);
  Request request;
  request.id = "r" + std::to_string(number);
  request.user = "u" + std::to_string(number % 7);
  for (int i = 0; i < candidates; ++i) {
    Item item;
    item.id = "item-" + std::to_string(number) + "-" + std::to_string(i);
    item.price = static_cast<std::int64_t>(100 + random.below(900));
    item.currency = "EUR";
    item.brand = "brand-" + std::to_string(i % 5);
    item.category = "category-" + std::to_string(random.below(3));
    item.ad = random.below(4) == 0;
    request.candidates.push_back(item);
  }
  return request;
}

inline PageLanguage shop_language(PageSchema schema = shop_schema(),
                                  CandidateOrderKind order = CandidateOrderKind::shuffled) {
  return PageLanguage(std::move(schema), PromptTemplate(), order, 5);
}

/// Text of the exception that `action` throws, empty if it throws none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace pagewright::test
