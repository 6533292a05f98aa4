#include "rewards/feedback/request_baseline.hpp"

#include <cmath>
#include <deque>
#include <set>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Pages of two slots, whose utility is an easiness of the request plus a quality of the page.
struct Planted {
  std::deque<Request> requests;
  std::deque<LoggedPage> logged;
  std::vector<JudgedPage> pages;
  std::vector<double> easy, quality;

  void add(const std::string& device, const std::string& user, double easiness, double page_quality) {
    Request& request = requests.emplace_back();
    request.user = user;
    request.context["device"] = device;
    request.candidates.resize(4);
    for (std::size_t c = 0; c < 4; ++c) request.candidates[c].id = std::to_string(c);
    LoggedPage& page = logged.emplace_back();
    page.request = static_cast<std::int64_t>(requests.size()) - 1;
    JudgedPage& judged = pages.emplace_back();
    judged.index = page.request;
    judged.request = &request;
    judged.logged = &page;
    judged.items = {0, 1};
    judged.gains = {easiness, page_quality};
    judged.evidence = 1;
    easy.push_back(easiness);
    quality.push_back(page_quality);
  }
};

Planted by_device(int count) {
  Planted planted;
  for (int i = 0; i < count; ++i) {
    CounterRandom random(5, RandomStream::controls, 0, static_cast<std::uint64_t>(i));
    const bool app = random.uniform() < 0.5;
    planted.add(app ? "app" : "web", "", app ? 6 : 1, 3 * random.uniform());
  }
  return planted;
}

TEST_CASE("the baseline of a context is the mean utility of its pages") {
  const Planted planted = by_device(2000);
  const std::vector<double> baselines = request_baselines(planted.pages);
  double sum[2] = {0, 0}, count[2] = {0, 0};
  for (std::size_t p = 0; p < planted.pages.size(); ++p) {
    const int app = planted.easy[p] > 3;
    sum[app] += utility_of(planted.pages[p]);
    count[app] += 1;
  }
  for (std::size_t p = 0; p < planted.pages.size(); ++p) {
    const int app = planted.easy[p] > 3;
    CHECK(baselines[p] == Approx(sum[app] / count[app]).margin(0.01));  // the penalty draws it in a little
  }
}

TEST_CASE("a user's part is the shrunk mean of what the user's other pages did beyond the context") {
  Planted planted;
  for (int user = 0; user < 40; ++user)
    for (int page = 0; page < 3; ++page)
      planted.add("web", "u" + std::to_string(user), user < 20 ? 2 : 4, page);
  // All requests are alike but for their user: every page's expectation is the mean utility, 4.
  const std::vector<double> baselines = request_baselines(planted.pages);
  for (std::size_t p = 0; p < planted.pages.size(); ++p) {
    const double others = 3 * (planted.easy[p] + 1) - utility_of(planted.pages[p]);
    CHECK(baselines[p] == Approx(4 + (others - 2 * 4) / (2 + 3)));
  }
}

TEST_CASE(
    "pairs across requests follow what a page does beyond its request and not how easy the request is") {
  const Planted planted = by_device(2000);
  const auto index = [&](const JudgedPage* page) { return static_cast<std::size_t>(page->index); };
  const std::vector<AcrossPair> pairs = pairs_across_requests(planted.pages, 0.5, 1);
  REQUIRE(pairs.size() > 1000);
  int wrong = 0;
  for (const AcrossPair& pair : pairs) {
    const std::size_t better = index(pair.better), worse = index(pair.worse);
    CHECK(better != worse);
    CHECK(pair.gap > 0.5);
    if (planted.easy[better] != planted.easy[worse])
      ++wrong;  // only where the two contexts meet in the order
    CHECK(planted.quality[better] > planted.quality[worse]);
  }
  CHECK(wrong <= 16);
  // Compared by utility alone, half of all neighbours in the log would be ordered by their device.
  int by_device_alone = 0, all = 0;
  for (std::size_t p = 0; p + 1 < planted.pages.size(); ++p) {
    const double gap = utility_of(planted.pages[p]) - utility_of(planted.pages[p + 1]);
    if (std::abs(gap) <= 0.5) continue;
    ++all;
    by_device_alone += (gap > 0) != (planted.quality[p] > planted.quality[p + 1]);
  }
  CHECK(by_device_alone > all / 5);
}

TEST_CASE("pairs across requests never take two pages of one request, and depend on the seed") {
  Planted planted = by_device(300);
  for (LoggedPage& page : planted.logged) page.request /= 3;
  const auto partners = [&](std::uint64_t seed) {
    std::set<std::pair<std::int64_t, std::int64_t>> found;
    for (const AcrossPair& pair : pairs_across_requests(planted.pages, 0.1, seed)) {
      CHECK(pair.better->logged->request != pair.worse->logged->request);
      found.emplace(pair.better->index, pair.worse->index);
    }
    return found;
  };
  CHECK(partners(1) == partners(1));
  CHECK(partners(1) != partners(2));
  CHECK(request_baselines({}).empty());
  CHECK(pairs_across_requests({}, 1, 1).empty());
}

}  // namespace
}  // namespace pagewright
