#include "tests/core/data/log_support.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include <fmt/format.h>

namespace pagewright {
namespace {

class RandomLog {
 public:
  explicit RandomLog(std::uint64_t seed) : random_(seed), seed_(seed) {}

  LoggedRequest request(int number) {
    LoggedRequest logged;
    logged.split = static_cast<Split>(below(3));
    auto& request = logged.request;
    request.id = fmt::format("request {} of {}", number, seed_);
    request.user = fmt::format("user {}", below(20));
    request.query = chance() ? "" : fmt::format("gr\xc3\xbc\xc3\x9f {}", below(9));
    request.timestamp = below(2) * (1700000000 + below(100000));
    for (int i = below(3); i > 0; --i)
      request.context[fmt::format("key {}", i)] = fmt::format("value {}", below(4));
    for (int i = below(4); i > 0; --i)
      request.history.push_back({static_cast<ActionKind>(below(4)), below(1000), item(below(50))});
    for (int i = 0, count = 1 + below(6); i < count; ++i)
      request.candidates.push_back(item(10 * i + below(10)));
    return logged;
  }

  LoggedPage page(const Request& request, std::int64_t row) {
    LoggedPage page;
    page.page_id = fmt::format("page {} of {}", pages_++, seed_);
    page.request = row;
    page.policy_id = chance() ? "" : "ranker";
    page.timestamp = below(1000);
    std::vector<std::int32_t> order(request.candidates.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    int slots = 0;
    for (const auto candidate : order) {
      if (slots == 0 || chance()) add_section(page);
      page.page.sections.back().items.push_back(candidate);
      ++slots;
    }
    if (chance()) add_section(page);  // without slots
    if (chance()) page.page_propensity = uniform();
    if (chance()) {
      page.slot_propensity_kind =
          chance() ? PropensityKind::slot_given_prefix : PropensityKind::slot_marginal;
      for (int i = 0; i < slots; ++i) page.slot_propensities.push_back(uniform());
    }
    if (chance()) page.revisit_of = "another page";
    for (int i = below(4); i > 0; --i) {
      Event event{static_cast<EventKind>(below(4)), below(slots), below(1000), std::nullopt, 1 + below(3)};
      if (chance()) event.price = below(1000);
      page.events.push_back(event);
    }
    return page;
  }

  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }

 private:
  bool chance() { return below(2) == 0; }
  double uniform() { return (1 + below(1000000)) / 1000000.0; }

  void add_section(LoggedPage& page) {
    const int type = below(3);
    page.page.sections.push_back({type, {}});
    page.section_names.push_back(fmt::format("section {}", type));
  }

  Item item(int number) {
    Item item;
    item.id = fmt::format("item {}", number);
    if (chance()) item.title = fmt::format("Title, with \"signs\" {}", number);
    if (chance()) {
      item.price = below(100000);
      item.currency = "EUR";
    }
    if (chance()) item.category = fmt::format("category {}", below(5));
    if (chance()) item.brand = fmt::format("brand {}", below(5));
    if (chance()) item.seller = "seller";
    item.ad = chance();
    for (int i = below(3); i > 0; --i) item.features[fmt::format("feature {}", i)] = uniform() - 0.5;
    return item;
  }

  std::mt19937_64 random_;
  std::uint64_t seed_;
  int pages_ = 0;
};

LoggedPage version_1_page(const char* id, std::int64_t request, std::int64_t timestamp) {
  LoggedPage page;
  page.page_id = id;
  page.request = request;
  page.timestamp = timestamp;
  return page;
}

}  // namespace

FeedbackLog random_test_log(std::uint64_t seed, int requests) {
  RandomLog random(seed);
  FeedbackLog log;
  for (int i = 0; i < requests; ++i) {
    log.requests.push_back(random.request(i));
    for (int pages = random.below(3); pages > 0; --pages)
      log.pages.push_back(random.page(log.requests.back().request, i));
  }
  if (log.pages.empty()) log.pages.push_back(random.page(log.requests.front().request, 0));
  return log;
}

FeedbackLog version_1_log() {
  Item shoe{"B07", "Runner", 5990, "EUR", "shoes", "Fleet", "s1", false, {{"score", 0.31}, {"stock", 12}}};
  Item trail{"B12", "Trail", 7450, "EUR", "shoes", "Fleet", "s2", false, {{"score", 0.28}}};
  Item sock{"B33", "Sock", 590, "EUR", "socks", "", "s1", true, {}};
  Item cap{"B40", "", std::nullopt, "", "", "", "", false, {}};
  Request first{"r1", "u9", "running shoes", 1700000000, {{"device", "mobile"}, {"page_type", "search"}},
                {},   {}};
  first.history = {{ActionKind::view, 1699990000, trail}, {ActionKind::purchase, 1699990100, sock}};
  first.candidates = {shoe, trail, sock, cap};
  Request second{"r2", "u10", "", 1700003600, {}, {}, {trail, cap}};
  auto shown = version_1_page("p1", 0, 1700000001);
  shown.policy_id = "ranker-3";
  shown.page = {{{0, {1, 0}}, {1, {2}}}};
  shown.section_names = {"carousel", "grid"};
  shown.page_propensity = 0.0125;
  shown.slot_propensities = {0.25, 0.5, 0.1};
  shown.slot_propensity_kind = PropensityKind::slot_given_prefix;
  shown.events = {{EventKind::impression, 0, 1700000002, std::nullopt, 1},
                  {EventKind::click, 0, 1700000010, std::nullopt, 1},
                  {EventKind::cart, 0, 1700000020, 7450, 2},
                  {EventKind::purchase, 0, 1700000060, 7450, 2}};
  auto again = version_1_page("p2", 0, 1700000300);
  again.policy_id = "ranker-3";
  again.page = {{{0, {1, 0}}, {1, {2}}}};
  again.section_names = {"carousel", "grid"};
  again.revisit_of = "p1";
  auto plain = version_1_page("p3", 1, 1700003601);
  plain.policy_id = "";
  plain.page = {{{1, {1, 0}}}};
  plain.section_names = {"grid"};
  return {{{first, Split::train}, {second, Split::test}}, {shown, again, plain}};
}

}  // namespace pagewright
