// How near estimates of examination come to the truth of a simulated shop, and the table of it in
// docs/rewards.md: build/tests/rewards_tests "examination by a position-based model*"
#include <cmath>

#include <fmt/format.h>

#include "core/base/table.hpp"
#include "rewards/clicks/click_comparison.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// The quickstart's shop; with `taste` as it is, without it all users like the same and no item takes clicks
/// from another, and good items are put high.
SimulatorConfig examined_shop(std::int64_t pages, bool taste) {
  SimulatorConfig config;
  config.pages = pages;
  config.test_requests = 20;
  if (taste) return config;
  config.clicks.match = config.logging.match = 0;
  config.clicks.new_category = config.clicks.same_category = config.clicks.same_brand = 0;
  config.clicks.near_duplicate = 0;
  config.clicks.quality = 1.5;
  config.logging.quality = 1;
  return config;
}

std::vector<double> examination_to_first(std::vector<double> slots) {
  const double first = slots.at(0);
  for (double& slot : slots) slot /= first;
  return slots;
}

/// [8] mean examination and click rates of the training pages, relative to the first slot.
struct SlotTruth {
  std::vector<double> examination, click_rates;
};
SlotTruth slot_truth(const World& world, const FeedbackLog& log) {
  SlotTruth sums{std::vector<double>(8), std::vector<double>(8)};
  for (const LoggedPage& page : log.pages) {
    const LoggedRequest& logged = log.requests[static_cast<std::size_t>(page.request)];
    if (logged.split != Split::train) continue;
    const PageTruth truth = world.truth(logged.request, page.page);
    const std::vector<SlotFeedback> seen = slot_feedback(page);
    for (std::size_t k = 0; k < 8; ++k) {
      sums.examination[k] += truth.slots[k].examination;
      sums.click_rates[k] += seen[k].clicks > 0;
    }
  }
  return {examination_to_first(sums.examination), examination_to_first(sums.click_rates)};
}

/// Root mean square of the relative errors below the first slot.
double slot_error(const std::vector<double>& found, const std::vector<double>& truth) {
  double sum = 0;
  for (std::size_t k = 1; k < truth.size(); ++k) sum += std::pow(found[k] / truth[k] - 1, 2);
  return std::sqrt(sum / static_cast<double>(truth.size() - 1));
}

/// Estimates by name, of one log.
std::vector<std::pair<std::string, std::vector<double>>> examination_estimates(const World& world,
                                                                               const FeedbackLog& log,
                                                                               const SlotTruth& truth) {
  std::vector<std::pair<std::string, std::vector<double>>> found{
      {"click rates of all pages", truth.click_rates},
      {"`uniform_pages`", estimate_propensities(log, "uniform")}};
  const auto fit = [&](const std::string& words, const std::string& model, const ClickView& view) {
    found.emplace_back(words,
                       fit_clicks(model, click_log(log, world.schema(), {}, view), {}).examination_by_slot);
  };
  fit("`pbm`", "pbm", {});
  fit("`pbm`, `documents: features`", "pbm", {ClickDocuments::features});
  fit("`pbm`, `pages: uniform`", "pbm", {ClickDocuments::item, ClickPages::uniform});
  fit("`trust_pbm`", "trust_pbm", {});
  fit("`carousel`", "carousel", {});
  return found;
}

/// Errors by name; prints the estimates.
std::map<std::string, double> examination_errors(std::int64_t pages, bool taste) {
  const World world(examined_shop(pages, taste), test::carousel_and_grid(), 1);
  const FeedbackLog log = simulate_log(world);
  const SlotTruth truth = slot_truth(world, log);
  std::vector<std::string> headers{fmt::format("{} pages{}", pages, taste ? ", taste and page effects" : "")};
  for (int slot = 2; slot <= 8; ++slot) headers.push_back(fmt::format("{}", slot));
  headers.push_back("error");
  Table table(headers);
  std::map<std::string, double> errors;
  const auto row = [&](const std::string& name, const std::vector<double>& slots, const std::string& error) {
    std::vector<std::string> cells{name};
    for (std::size_t k = 1; k < slots.size(); ++k) cells.push_back(fmt::format("{:.2f}", slots[k]));
    cells.push_back(error);
    table.add_row(cells);
  };
  row("truth", truth.examination, "");
  for (const auto& [name, slots] : examination_estimates(world, log, truth)) {
    errors[name] = slot_error(slots, truth.examination);
    row(name, slots, fmt::format("{:.1f} %", 100 * errors[name]));
  }
  fmt::print("{}\n", table.to_string());
  return errors;
}

}  // namespace

TEST_CASE("examination by a position-based model comes to the truth as the log grows, click rates do not",
          "[.long]") {
  const auto few = examination_errors(12000, false), many = examination_errors(100000, false);
  CHECK(many.at("`pbm`") < 0.5 * few.at("`pbm`"));
  CHECK(many.at("`pbm`") < 0.04);
  CHECK(many.at("`pbm`, `pages: uniform`") < 0.5 * few.at("`pbm`, `pages: uniform`"));
  CHECK(many.at("click rates of all pages") > 0.8 * few.at("click rates of all pages"));
  const auto few_liked = examination_errors(12000, true), many_liked = examination_errors(100000, true);
  CHECK(many_liked.at("`pbm`") > 0.8 * few_liked.at("`pbm`"));
  CHECK(many_liked.at("`pbm`, `pages: uniform`") < 0.8 * few_liked.at("`pbm`, `pages: uniform`"));
}

}  // namespace pagewright
