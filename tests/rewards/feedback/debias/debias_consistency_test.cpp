// Debiased gains come to the truth as the log grows, naive ones do not.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/feedback/debias/debias_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kRepository = PAGEWRIGHT_SOURCE_DIR;

constexpr const char* kKnownTrust = "trust, parameters known";

/// Estimators under the names of docs/rewards.md.
std::map<std::string, GainConfig> compared_estimators() {
  std::map<std::string, GainConfig> all;
  GainConfig config;
  config.max_weight = 30;
  for (const auto& [name, estimator] :
       {std::pair("naive", GainEstimator::naive), std::pair("ipw", GainEstimator::ipw),
        std::pair("regression_em", GainEstimator::regression_em), std::pair("dla", GainEstimator::dla),
        std::pair("trust", GainEstimator::trust), std::pair(kKnownTrust, GainEstimator::trust),
        std::pair("pairwise", GainEstimator::pairwise)}) {
    config.estimator = estimator;
    all[name] = config;
  }
  config.estimator = GainEstimator::ipw;
  config.propensities = PropensitySource::click_model;
  config.click_model = "pbm";
  all["ipw, click model"] = config;
  config.max_weight = 3;
  all["ipw, clipped at 3"] = config;
  config.estimator = GainEstimator::self_normalised;
  all["self_normalised, clipped at 3"] = config;
  config.click_model = std::nullopt;
  config.propensities = PropensitySource::logged;
  config.max_weight = 1000;
  all["self_normalised, logged"] = config;
  return all;
}

/// trust_pbm as it truly is, for the positions of biased_world().
FittedClicks true_trust(const ClickLog& clicks, bool trust) {
  ClickParameters examination{"examination", clicks.space.positions, {}, {}}, bias = examination;
  examination.values.resize(clicks.space.positions.size());
  bias.name = "trust";
  bias.values = examination.values;
  for (std::size_t s = 0; s < clicks.train.size(); ++s)
    for (std::size_t k = 0; k < clicks.train[s].size(); ++k) {
      const auto position = static_cast<std::size_t>(clicks.train[s].positions[k]);
      examination.values[position] = test::biased_examination()[k];
      bias.values[position] = trust ? test::strong_trust()[k] : 0;
    }
  FittedClicks fitted;
  fitted.model = "trust_pbm";
  fitted.parameters = {examination, bias};
  return fitted;
}

/// A log with what `fit-clicks` would have found in it.
struct BiasedLog {
  BiasedLog(std::int64_t pages, bool trust) : world(test::biased_world(pages)), log(simulate_log(world)) {
    if (trust) test::add_trust_bias(log, world, test::strong_trust(), 7);
    const ClickLog clicks = click_log(log, world.schema(), {}, {ClickDocuments::item});
    std::vector<FittedClicks> fitted;
    config.iterations = 1000;
    for (const char* model : {"pbm", "trust_pbm"}) fitted.push_back(fit_clicks(model, clicks, config));
    write_click_models(folder.path(), fitted, 0, {}, clicks.view);
    write_click_models(known.path(), {true_trust(clicks, trust)}, 0, {}, clicks.view);
  }
  test::GainError error(const std::string& name, const GainConfig& gains) const {
    const std::filesystem::path models = name == kKnownTrust ? known.path() : folder.path();
    return test::gain_error(world, log, ItemGains(gains, log, {&world.schema(), config, models}));
  }

  World world;
  FeedbackLog log;
  ClicksConfig config;
  test::TemporaryFolder folder, known;
};

using Errors = std::map<std::string, std::vector<test::GainError>>;

Errors measure_errors(const std::vector<std::int64_t>& sizes, bool trust,
                      const std::map<std::string, GainConfig>& estimators) {
  Errors errors;
  for (const std::int64_t pages : sizes) {
    const BiasedLog log(pages, trust);
    for (const auto& [name, gains] : estimators) {
      errors[name].push_back(log.error(name, gains));
      UNSCOPED_INFO(fmt::format("{} pages{}, {}: error {:.4f}, pairs wrong {:.4f}", pages,
                                trust ? ", trust" : "", name, errors[name].back().rmse,
                                errors[name].back().wrong_pairs));
    }
  }
  return errors;
}

/// What must come to the truth, without and with trust bias.
std::vector<std::string> consistent_estimators(bool trust) {
  if (trust) return {kKnownTrust, "trust"};
  return {"ipw", "ipw, click model", "self_normalised, clipped at 3", "regression_em", "dla"};
}

nlohmann::json errors_json(const Errors& errors) {
  nlohmann::json json;
  const auto rounded = [](double error) { return std::round(error * 1e4) / 1e4; };
  for (const auto& [name, points] : errors)
    for (const test::GainError& point : points)
      json[name].push_back({{"rmse", rounded(point.rmse)}, {"wrong_pairs", rounded(point.wrong_pairs)}});
  return json;
}

}  // namespace

TEST_CASE("debiased gains are nearer to the truth than naive ones, and come nearer as the log grows") {
  std::map<std::string, GainConfig> estimators = compared_estimators();
  const std::vector<std::string> consistent = consistent_estimators(false);
  std::erase_if(estimators, [&](const auto& named) {
    return named.first != "naive" &&
           std::find(consistent.begin(), consistent.end(), named.first) == consistent.end();
  });
  const Errors errors = measure_errors({2000, 8000}, false, estimators);
  for (const std::string& name : consistent) {
    CAPTURE(name);
    CHECK(errors.at(name)[1].rmse < 0.5 * errors.at(name)[0].rmse);
    CHECK(errors.at(name)[1].rmse < 0.8 * errors.at("naive")[1].rmse);
  }
}

TEST_CASE("errors of debiased gains fall with the size of the log to where naive ones cannot come",
          "[.long]") {
  const std::vector<std::int64_t> sizes{2000, 8000, 32000, 128000};
  nlohmann::json json = {{"pages", sizes}, {"errors", nlohmann::json::object()}};
  for (const bool trust : {false, true}) {
    const Errors errors = measure_errors(sizes, trust, compared_estimators());
    const std::vector<test::GainError>& naive = errors.at("naive");
    CHECK(naive[3].rmse > 0.85 * naive[2].rmse);  // four times the pages, and hardly less wrong
    for (const std::string& name : consistent_estimators(trust)) {
      CAPTURE(name);
      CHECK(errors.at(name)[3].rmse < 0.65 * errors.at(name)[2].rmse);
      CHECK(errors.at(name)[3].rmse < 0.25 * errors.at(name)[0].rmse);
      CHECK(errors.at(name)[3].rmse < 0.5 * naive[3].rmse);
    }
    CHECK(errors.at("regression_em")[3].wrong_pairs < 0.7 * naive[3].wrong_pairs);
    json["errors"][trust ? "position and trust bias" : "position bias"] = errors_json(errors);
  }
  if (std::getenv("PAGEWRIGHT_WRITE_DOCS"))
    write_file_atomically(kRepository / "docs" / "debiasing.json", json.dump(1) + "\n");
}

}  // namespace pagewright
