#pragma once
// A made-up log for the tests of evaluation: 10 candidates, a list of up to 10 slots, several requests a
// user.

#include <string>
#include <vector>

#include "core/base/rng.hpp"
#include "core/data/feedback_log.hpp"
#include "core/page/page_language.hpp"

namespace pagewright::test {

inline PageLanguage list_language() {
  PageSchema schema;
  SectionType list;
  list.name = "list";
  list.max_slots = 10;
  schema.section_types = {list};
  schema.max_candidates = 10;
  return PageLanguage(schema, PromptTemplate(), CandidateOrderKind::logged, 1);
}

/// Every second request is a revisit; each page has one click at a random slot, every fourth none.
inline FeedbackLog list_log(int requests) {
  FeedbackLog log;
  for (int r = 0; r < requests; ++r) {
    CounterRandom random(23, RandomStream::world, 0, static_cast<std::uint64_t>(r));
    LoggedRequest logged;
    logged.split = Split::test;
    logged.request.id = "r" + std::to_string(r);
    logged.request.user = "u" + std::to_string(r / 3);
    LoggedPage page;
    page.page_id = "p" + std::to_string(r);
    page.request = r;
    page.page = {{{0, {}}}};
    for (int i = 0; i < 10; ++i) {
      Item& item = logged.request.candidates.emplace_back();
      item.id = "i" + std::to_string(random.below(200)) + "-" + std::to_string(i);
      item.category = "c" + std::to_string(random.below(3));
      item.price = static_cast<std::int64_t>(random.below(1000));
      page.page.sections[0].items.push_back(i);
    }
    random.shuffle(std::span(page.page.sections[0].items));
    if (r % 2 == 1) page.revisit_of = "p" + std::to_string(r - 1);
    if (r % 4 != 3)
      page.events.push_back({EventKind::click, static_cast<std::int32_t>(random.below(10)), 1, {}, 1});
    log.requests.push_back(logged);
    log.pages.push_back(page);
  }
  return log;
}

}  // namespace pagewright::test
