#include "rewards/models/reward_scale.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/rl/moments.hpp"
#include "rewards/models/page_batch.hpp"

namespace pagewright {

namespace {

constexpr const char* kScaleFormat = "pagewright-reward-scale";
constexpr int kScaleVersion = 2;

/// Scores that never vary keep their scale.
double scale_of(const Moments& moments) {
  const double sd = std::sqrt(moments.variance());
  return sd > 1e-8 ? sd : 1.0;
}

/// Version 1 has no more than means and deviations.
int version_that_says(const RewardScale& scale) {
  const bool as_they_are = scale.calibration.none() && scale.page_pessimism == 0 &&
                           scale.item_pessimism == 0 && !scale.item_uncertainty;
  return as_they_are ? 1 : kScaleVersion;
}

}  // namespace

double RewardScale::page(double raw) const {
  return std::clamp((raw - page_mean) / page_sd, -clip, clip);
}

std::vector<float> RewardScale::items(std::span<const float> raw, std::span<const float> spread) const {
  std::vector<double> weights = slot_weights(static_cast<int>(raw.size()));
  if (item_uncertainty) {
    require(spread.size() == raw.size(),
            "weights by uncertainty need an item model with an ensemble; run `pagewright fit-reward` again");
    for (std::size_t k = 0; k < raw.size(); ++k) weights[k] /= spread[k] / item_sd + *item_uncertainty;
  }
  std::vector<float> result;
  for (std::size_t k = 0; k < raw.size(); ++k)
    result.push_back(static_cast<float>(weights[k] * std::clamp((raw[k] - item_mean) / item_sd, -clip, clip) /
                                        item_sum_sd));
  return result;
}

std::vector<float> RewardScale::slot_gains(std::span<const float> gains) const {
  std::vector<float> result;
  for (std::size_t k = 0; k < gains.size(); ++k) {
    const double mean = k < slot_gain_mean.size() ? slot_gain_mean[k] : 0.0;
    result.push_back(static_cast<float>((gains[k] - mean) / page_sd));
  }
  return result;
}

float RewardScale::missing_slots(std::size_t slots) const {
  double missing = 0;
  for (std::size_t k = slots; k < slot_gain_mean.size(); ++k) missing -= slot_gain_mean[k];
  return static_cast<float>(missing / page_sd);
}

void RewardScale::save(const std::filesystem::path& file) const {
  nlohmann::json json = {
      {"format", kScaleFormat}, {"version", version_that_says(*this)}, {"page_mean", page_mean},
      {"page_sd", page_sd},     {"slot_gain_mean", slot_gain_mean},    {"item_mean", item_mean},
      {"item_sd", item_sd},     {"item_sum_sd", item_sum_sd},          {"clip", clip}};
  if (json.at("version") != 1) {
    json["calibration"] = calibration_json(calibration);
    json["page_pessimism"] = page_pessimism;
    json["item_pessimism"] = item_pessimism;
    json["item_uncertainty"] = item_uncertainty ? nlohmann::json(*item_uncertainty) : nlohmann::json();
  }
  write_file_atomically(file, json.dump(2) + "\n");
}

RewardScale RewardScale::load(const std::filesystem::path& file) {
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    require(json.at("format") == kScaleFormat, "{}: this is no {} file", file.string(), kScaleFormat);
    require(json.at("version").get<int>() <= kScaleVersion,
            "{}: format version {} is newer than this program knows ({}); use the program that wrote it",
            file.string(), json.at("version").get<int>(), kScaleVersion);
    RewardScale result;
    json.at("page_mean").get_to(result.page_mean);
    json.at("page_sd").get_to(result.page_sd);
    json.at("slot_gain_mean").get_to(result.slot_gain_mean);
    json.at("item_mean").get_to(result.item_mean);
    json.at("item_sd").get_to(result.item_sd);
    json.at("item_sum_sd").get_to(result.item_sum_sd);
    json.at("clip").get_to(result.clip);
    if (json.at("version").get<int>() == 1) return result;
    result.calibration = calibration_from(json.at("calibration"));
    json.at("page_pessimism").get_to(result.page_pessimism);
    json.at("item_pessimism").get_to(result.item_pessimism);
    if (!json.at("item_uncertainty").is_null())
      result.item_uncertainty = json.at("item_uncertainty").get<double>();
    return result;
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}; run `pagewright fit-reward` again", file.string(), error.what());
  }
}

RewardScale fit_reward_scale(std::span<const PageScores> page, std::span<const PageScores> item, double clip,
                             RewardScale result) {
  result.clip = clip;
  Moments pages;
  for (const PageScores& scores : page) pages.add(scores.page);
  result.page_mean = pages.mean;
  result.page_sd = scale_of(pages);
  std::vector<double> counts;
  for (const PageScores& scores : page)
    for (std::size_t k = 0; k < scores.slots.size(); ++k) {
      if (k >= counts.size()) {
        counts.push_back(0);
        result.slot_gain_mean.push_back(0);
      }
      counts[k] += 1;
      result.slot_gain_mean[k] += scores.slots[k];
    }
  for (std::size_t k = 0; k < counts.size(); ++k) result.slot_gain_mean[k] /= counts[k];

  Moments slots;
  for (const PageScores& scores : item)
    for (float slot : scores.slots) slots.add(slot);
  result.item_mean = slots.mean;
  result.item_sd = scale_of(slots);
  Moments sums;
  for (const PageScores& scores : item) {
    double sum = 0;
    for (float slot : result.items(scores.slots, scores.slot_spread)) sum += slot;
    sums.add(sum);
  }
  result.item_sum_sd = scale_of(sums);
  return result;
}

}  // namespace pagewright
