#include "rewards/feedback/debias/logged_propensities.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

struct PlacementFaults {
  std::int64_t pages = 0, missing = 0, outside = 0;
  std::string first_missing, first_outside;

  void count(const LoggedPage& page) {
    ++pages;
    const bool none = page.slot_propensity_kind == PropensityKind::none ||
                      page.slot_propensities.size() != static_cast<std::size_t>(page.page.slot_count());
    constexpr double kRounding = 1e-9;
    const bool wrong = std::any_of(page.slot_propensities.begin(), page.slot_propensities.end(),
                                   [](double p) { return !(p > 0 && p <= 1 + kRounding); });
    if (none && missing++ == 0) first_missing = page.page_id;
    if (wrong && outside++ == 0) first_outside = page.page_id;
  }
  void require_none() const {
    require(missing == 0,
            "gains: propensities: logged needs slot propensities, but {} of {} pages have none, the first is "
            "'{}'; log them, or choose another source",
            missing, pages, first_missing);
    require(outside == 0,
            "gains: {} of {} pages have slot propensities outside (0, 1], the first is '{}'; a page that was "
            "shown has a propensity above 0",
            outside, pages, first_outside);
  }
};

void set_inverse_placement(const LoggedPage& page, double candidates, double max_weight,
                           std::span<double> weights) {
  const bool given_prefix = page.slot_propensity_kind == PropensityKind::slot_given_prefix;
  double prefix = 1;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double left = given_prefix ? candidates - static_cast<double>(k) : candidates;
    const double ratio = 1 / (std::max(left, 1.0) * page.slot_propensities[k]);
    prefix = given_prefix ? prefix * ratio : ratio;
    weights[k] = std::min(prefix, max_weight);
  }
}

}  // namespace

SlotTable inverse_placement(const GainConfig& config, const FeedbackLog& log) {
  SlotTable table(log);
  PlacementFaults faults;
  const auto used = [&](const LoggedPage& page) {
    return config.learns_from(log, page, Split::train) || config.learns_from(log, page, Split::valid);
  };
  for (const LoggedPage& page : log.pages)
    if (used(page)) faults.count(page);
  faults.require_none();
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedPage& page = log.pages[i];
    if (!used(page)) continue;
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    set_inverse_placement(page, static_cast<double>(request.candidates.size()), config.max_weight,
                          table.slots(static_cast<std::int64_t>(i)));
  }
  return table;
}

}  // namespace pagewright
