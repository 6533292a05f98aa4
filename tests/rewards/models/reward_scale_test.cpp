#include "rewards/models/reward_scale.hpp"

#include <cmath>
#include <fstream>

#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "rewards/models/page_batch.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

struct ScaleMoments {
  double mean = 0, sd = 0;
};

ScaleMoments scale_moments(const std::vector<double>& values) {
  ScaleMoments result;
  for (double value : values) result.mean += value / static_cast<double>(values.size());
  for (double value : values)
    result.sd += (value - result.mean) * (value - result.mean) / static_cast<double>(values.size());
  result.sd = std::sqrt(result.sd);
  return result;
}

/// Pages of 8 slots whose scores lean on the slot, the page and chance.
std::vector<PageScores> scale_scores(int pages, double level, double spread) {
  CounterRandom random(3, RandomStream::controls);
  std::vector<PageScores> scores(static_cast<std::size_t>(pages));
  for (PageScores& score : scores) {
    const double common = random.normal();
    for (int k = 0; k < 8; ++k)
      score.slots.push_back(static_cast<float>(level + spread * (random.normal() + 0.5 * common) - 0.3 * k));
    for (float slot : score.slots) score.page += slot;
  }
  return scores;
}

TEST_CASE("normalised scores of the reference policy have mean 0 and standard deviation 1") {
  const auto scores = scale_scores(2000, 4, 0.7);
  const RewardScale scale = fit_reward_scale(scores, scores, 100);
  std::vector<double> pages, slots, sums;
  for (const PageScores& score : scores) {
    pages.push_back(scale.page(score.page));
    const std::vector<double> weights = slot_weights(8);
    const std::vector<float> items = scale.items(score.slots);
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      slots.push_back(items[k] * scale.item_sum_sd / weights[k]);
      sum += items[k];
    }
    sums.push_back(sum);
  }
  CHECK(scale_moments(pages).mean == Approx(0).margin(1e-6));
  CHECK(scale_moments(pages).sd == Approx(1).epsilon(1e-3));
  CHECK(scale_moments(slots).mean == Approx(0).margin(1e-6));
  CHECK(scale_moments(slots).sd == Approx(1).epsilon(1e-3));
  CHECK(scale_moments(sums).sd == Approx(1).epsilon(1e-3));
  CHECK(scale.item_sum_sd < 1);
}

TEST_CASE("shares of a page's score by slot add up to the score, and keep no slot's mean") {
  const auto scores = scale_scores(500, 4, 0.7);
  const RewardScale scale = fit_reward_scale(scores, {}, 100);
  std::vector<double> by_slot(8);
  for (const PageScores& score : scores) {
    const std::vector<float> shares = scale.slot_gains(score.slots);
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      sum += shares[k];
      by_slot[k] += shares[k] / static_cast<double>(scores.size());
    }
    CHECK(sum == Approx(scale.page(score.page)).margin(1e-5));
  }
  for (double mean : by_slot) CHECK(mean == Approx(0).margin(1e-5));
}

TEST_CASE("a page gains nothing by ending before its weaker slots") {
  const auto scores = scale_scores(500, 4, 0.7);
  const RewardScale scale = fit_reward_scale(scores, {}, 100);
  CHECK(scale.missing_slots(8) == 0);
  for (std::size_t slots = 0; slots < 8; ++slots) {
    const std::vector<float>& gains = scores[slots].slots;
    double longer = scale.missing_slots(8), shorter = scale.missing_slots(slots), rest = 0;
    const std::vector<float> shares = scale.slot_gains(gains);
    for (std::size_t k = 0; k < 8; ++k) {
      longer += shares[k];
      if (k < slots)
        shorter += shares[k];
      else
        rest += gains[k];
    }
    CHECK(longer - shorter == Approx(rest / scale.page_sd).margin(1e-5));
  }
}

TEST_CASE("scores are cut at the bound on both sides, and scores that never vary keep their scale") {
  const auto scores = scale_scores(500, 4, 0.7);
  const RewardScale scale = fit_reward_scale(scores, scores, 2);
  CHECK(scale.page(1e6) == 2);
  CHECK(scale.page(-1e6) == -2);
  const std::vector<double> weights = slot_weights(2);
  const std::vector<float> items = scale.items(std::vector<float>{1e6F, -1e6F});
  CHECK(items[0] == Approx(2 * weights[0] / scale.item_sum_sd));
  CHECK(items[1] == Approx(-2 * weights[1] / scale.item_sum_sd));
  const std::vector<PageScores> equal(10, PageScores{3, std::vector<float>(8, 0.5F)});
  const RewardScale flat = fit_reward_scale(equal, equal, 5);
  CHECK(flat.page(3) == 0);
  CHECK(flat.page(4) == 1);
}

TEST_CASE("a scale comes back from its file as it was, and a newer or broken file is named") {
  const test::TemporaryFolder folder;
  const auto file = folder / "scale.json";
  const auto scores = scale_scores(50, 4, 0.7);
  const RewardScale scale = fit_reward_scale(scores, scores, 5);
  scale.save(file);
  const RewardScale back = RewardScale::load(file);
  CHECK(back.page_mean == scale.page_mean);
  CHECK(back.page_sd == scale.page_sd);
  CHECK(back.slot_gain_mean == scale.slot_gain_mean);
  CHECK(back.item_mean == scale.item_mean);
  CHECK(back.item_sd == scale.item_sd);
  CHECK(back.item_sum_sd == scale.item_sum_sd);
  CHECK(back.clip == scale.clip);

  std::ofstream(file) << R"({"format": "pagewright-reward-scale", "version": 3})";
  const std::string newer = test::error_text([&] { RewardScale::load(file); });
  CHECK(test::contains(newer, file.string()));
  CHECK(test::contains(newer, "newer"));
  std::ofstream(file) << R"({"format": "another", "version": 1})";
  CHECK(test::contains(test::error_text([&] { RewardScale::load(file); }), file.string()));
  std::ofstream(file) << R"({"format": "pagewright-rew)";
  CHECK(test::contains(test::error_text([&] { RewardScale::load(file); }), file.string()));
  CHECK(test::contains(test::error_text([&] { RewardScale::load(folder / "none.json"); }), "none.json"));
}

TEST_CASE(
    "uncertain slots weigh 1 / (u + e), and the weighted sum still has deviation 1 under the reference") {
  auto scores = scale_scores(2000, 4, 0.7);
  CounterRandom random(8, RandomStream::controls);
  for (PageScores& score : scores)
    for (int k = 0; k < 8; ++k)
      score.slot_spread.push_back(static_cast<float>(0.05 + 0.4 * random.uniform()));
  RewardScale reading;
  reading.item_uncertainty = 0.5;
  const RewardScale plain = fit_reward_scale(scores, scores, 100);
  const RewardScale scale = fit_reward_scale(scores, scores, 100, reading);
  CHECK(scale.item_mean == plain.item_mean);
  CHECK(scale.item_sd == plain.item_sd);
  std::vector<double> sums;
  for (const PageScores& score : scores) {
    const auto weighted = scale.items(score.slots, score.slot_spread), even = plain.items(score.slots);
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      const double weight = 1 / (score.slot_spread[k] / scale.item_sd + 0.5);
      CHECK(weighted[k] * scale.item_sum_sd ==
            Approx(even[k] * plain.item_sum_sd * weight).epsilon(1e-4).margin(1e-6));
      sum += weighted[k];
    }
    sums.push_back(sum);
  }
  CHECK(scale_moments(sums).sd == Approx(1).epsilon(1e-3));
  CHECK(test::error_text([&] { scale.items(scores[0].slots); }).find("ensemble") != std::string::npos);
}

TEST_CASE("how scores are read survives the file, and scales without it stay files of version 1") {
  const test::TemporaryFolder folder;
  RewardScale scale;
  scale.page_mean = 3;
  scale.save(folder / "plain.json");
  CHECK(read_file(folder / "plain.json").find("\"version\": 1") != std::string::npos);
  CHECK(read_file(folder / "plain.json").find("calibration") == std::string::npos);
  scale.calibration.click.kind = CalibrationKind::isotonic;
  scale.calibration.click.x = {0.1, 0.4};
  scale.calibration.click.y = {0.2, 0.3};
  scale.page_pessimism = 0.5;
  scale.item_pessimism = 0.25;
  scale.item_uncertainty = 2;
  scale.save(folder / "scale.json");
  const RewardScale loaded = RewardScale::load(folder / "scale.json");
  CHECK(loaded.calibration == scale.calibration);
  CHECK(loaded.page_mean == 3);
  CHECK(loaded.page_pessimism == 0.5);
  CHECK(loaded.item_pessimism == 0.25);
  CHECK(loaded.item_uncertainty == 2.0);
}

}  // namespace
}  // namespace pagewright
