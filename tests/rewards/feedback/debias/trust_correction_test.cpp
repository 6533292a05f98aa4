#include "rewards/feedback/debias/trust_correction.hpp"

#include <array>

#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/feedback/debias/debias_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

TEST_CASE("the expectation of the trust-corrected gain over all outcomes is the relevant item's gain") {
  const double scale = 0.4, buys = 0.3, purchase_gain = 5, click_gain = 2;
  for (const double look : {0.9, 0.35, 0.2})
    for (const double trust : {0.0, 0.3, 0.6})
      for (const double relevance : {0.0, 0.25, 1.0}) {
        double mean = 0, chances = 0;
        for (const bool looked : {false, true})
          for (const bool relevant : {false, true})
            for (const bool trusting : {false, true})
              for (const bool wallet : {false, true}) {
                const double chance = (looked ? look : 1 - look) * (relevant ? relevance : 1 - relevance) *
                                      (trusting ? trust : 1 - trust) * (wallet ? buys : 1 - buys);
                SlotGain gain;
                if (looked && (relevant || trusting)) gain.click = click_gain;
                if (looked && relevant && wallet) gain.purchase = purchase_gain;
                chances += chance;
                mean += chance * trust_corrected_gain(gain, {look, trust}, click_gain, scale, 1e9);
              }
        CAPTURE(look, trust, relevance);
        CHECK(chances == Approx(1));
        CHECK(mean == Approx(scale * relevance * (click_gain + buys * purchase_gain)).margin(1e-12));
      }
}

TEST_CASE("trust corrections are bounded, and finite where nobody looks or everybody trusts") {
  SlotGain clicked{1, 0, 0};
  CHECK(trust_corrected_gain(clicked, {0.01, 0}, 1, 1, 10) == Approx(10 * 1.0));
  CHECK(trust_corrected_gain(clicked, {0, 0}, 1, 1, 10) == Approx(10));
  CHECK(trust_corrected_gain(clicked, {1, 1}, 1, 1, 10) == Approx(0));
  CHECK(trust_corrected_gain({}, {1, 1}, 1, 1, 10) == Approx(-10));
  CHECK(trust_corrected_gain({0, 0, -2}, {0.5, 0.5}, 1, 0.25, 10) == Approx(-0.25 - 2 * 0.5));
}

TEST_CASE("trust needs the trust_pbm of this log") {
  const World world = test::biased_world(300);
  const FeedbackLog log = simulate_log(world);
  GainConfig config;
  config.estimator = GainEstimator::trust;
  const auto error = [&](const GainSources& sources) {
    return test::error_text([&] { const ItemGains gains(config, log, sources); });
  };
  CHECK(test::contains(error({&world.schema(), {}, {}}),
                       "needs the run in which `fit-clicks` fitted trust_pbm"));
  CHECK(test::contains(error({}), "needs the page schema"));
  const test::TemporaryFolder folder;
  CHECK(test::contains(error({&world.schema(), {}, folder.path()}), "run `pagewright fit-clicks` first"));
  ClickLog other = click_log(log, world.schema(), {}, {ClickDocuments::item});
  other.space.positions[0] = "elsewhere";
  write_click_models(folder.path(), {fit_clicks("trust_pbm", other, {})}, 0, {}, other.view);
  CHECK(test::contains(error({&world.schema(), {}, folder.path()}), "does not know the position"));
}

}  // namespace
}  // namespace pagewright
