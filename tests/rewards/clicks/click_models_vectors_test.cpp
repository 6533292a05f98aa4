// Against estimates and predictions of an independent implementation: tests/data/click_models/README.md.
#include <array>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "rewards/clicks/click_models.hpp"
#include "rewards/clicks/click_quality.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr int kVectorRanks = 10;

struct VectorSessions {
  ClickSpace space;
  ClickSessions train, test;
};

/// Documents are (query, document) pairs called "q3/d11".
const VectorSessions& vector_sessions() {
  static const VectorSessions kSessions = [] {
    std::ifstream file(PAGEWRIGHT_TEST_DATA "/click_models/sessions.txt");
    REQUIRE(file);
    VectorSessions result;
    std::map<std::string, int> index;
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string split, query, word;
      words >> split >> query;
      std::vector<int> documents;
      std::vector<std::uint8_t> clicks;
      while (words >> word) {
        clicks.push_back(word.back() == '*');
        if (clicks.back()) word.pop_back();
        const auto [found, added] = index.try_emplace(query + "/d" + word, static_cast<int>(index.size()));
        if (added) result.space.documents.push_back(found->first);
        documents.push_back(found->second);
      }
      REQUIRE(documents.size() == kVectorRanks);
      (split == "train" ? result.train : result.test).add_list(documents, clicks);
    }
    result.space.ranks = kVectorRanks;
    for (int k = 0; k < kVectorRanks; ++k) result.space.positions.push_back(std::to_string(k));
    return result;
  }();
  return kSessions;
}

nlohmann::json click_vector(const std::string& name) {
  std::ifstream file(PAGEWRIGHT_TEST_DATA "/click_models/" + name + ".json");
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

ClickParameters parameters_called(const ClickModel& model, const std::string& name) {
  for (ClickParameters& parameters : model.parameters())
    if (parameters.name == name) return parameters;
  FAIL("no parameters called " << name);
  return {};
}

/// The vectors hold documents to 10 decimals, everything else to double.
constexpr double kRounding = 0.51e-10;

double largest_difference(const ClickParameters& fitted, const nlohmann::json& expected) {
  double largest = 0;
  for (std::size_t i = 0; i < fitted.keys.size(); ++i) {
    const std::string& key = fitted.keys[i];
    const std::size_t slash = key.find('/');
    const double value = expected.at(key.substr(0, slash)).at(key.substr(slash + 1)).get<double>();
    largest = std::max(largest, std::abs(fitted.values[i] - value));
  }
  return largest;
}

std::unique_ptr<ClickModel> fitted_to_vectors(const std::string& name, int iterations) {
  std::unique_ptr<ClickModel> model = make_click_model(name);
  ClickFit fit;
  fit.iterations = iterations;
  fit.tolerance = -1;
  const FitTrace trace = fit_click_model(*model, vector_sessions().space, vector_sessions().train, fit);
  REQUIRE(trace.size() == static_cast<std::size_t>(iterations) + 1);
  return model;
}

void check_quality(const ClickModel& model, const nlohmann::json& expected, bool log_likelihood = true) {
  const ClickQuality quality = click_quality(model, vector_sessions().test);
  CHECK(quality.sessions == 500);
  CHECK(quality.perplexity == Approx(expected.at("test_perplexity").get<double>()).epsilon(1e-11));
  for (std::size_t k = 0; k < kVectorRanks; ++k)
    CHECK(quality.perplexity_by_rank[k] ==
          Approx(expected.at("test_perplexity_at_rank")[k].get<double>()).epsilon(1e-11));
  if (log_likelihood)
    CHECK(quality.log_likelihood_a_slot ==
          Approx(expected.at("test_loglikelihood").get<double>()).epsilon(1e-11));
}

}  // namespace

TEST_CASE("the position-based model equals the vectors after 1, 10 and 50 iterations") {
  for (const int iterations : {1, 10, 50}) {
    CAPTURE(iterations);
    const auto expected = click_vector("pbm_em" + std::to_string(iterations));
    const auto model = fitted_to_vectors("pbm", iterations);
    CHECK(largest_difference(parameters_called(*model, "attractiveness"), expected.at("attr")) < kRounding);
    const ClickParameters looked = parameters_called(*model, "examination");
    for (std::size_t k = 0; k < kVectorRanks; ++k)
      CHECK(looked.values[k] == Approx(expected.at("exam")[k].get<double>()).epsilon(1e-12));
    check_quality(*model, expected);
  }
}

TEST_CASE("the user browsing model equals the vectors after 1 and 50 iterations") {
  for (const int iterations : {1, 50}) {
    CAPTURE(iterations);
    const auto expected = click_vector("ubm_em" + std::to_string(iterations));
    const auto model = fitted_to_vectors("ubm", iterations);
    CHECK(largest_difference(parameters_called(*model, "attractiveness"), expected.at("attr")) < kRounding);
    const ClickParameters looked = parameters_called(*model, "examination");
    for (std::size_t k = 0; k < kVectorRanks; ++k)
      for (std::size_t previous = 0; previous <= k; ++previous) {
        // The vectors keep "no click before" in the last column.
        const std::size_t column = previous == 0 ? kVectorRanks - 1 : previous - 1;
        CHECK(looked.values[k * (kVectorRanks + 1) + previous] ==
              Approx(expected.at("exam_rank_prevclick")[k][column].get<double>()).epsilon(1e-12));
      }
    check_quality(*model, expected);
  }
}

TEST_CASE("the cascade model equals the vectors") {
  const auto expected = click_vector("cm_mle");
  const auto model = fitted_to_vectors("cascade", 1);
  CHECK(largest_difference(parameters_called(*model, "attractiveness"), expected.at("attr")) < kRounding);
  // The vector's log-likelihood gives 1e-6 to every slot below the first click, clicked or not; ours does
  // that for clicks alone, which the model excludes.
  check_quality(*model, expected, false);
}

TEST_CASE("the dependent click model equals the vectors") {
  const auto expected = click_vector("dcm_mle");
  const auto model = fitted_to_vectors("dcm", 1);
  CHECK(largest_difference(parameters_called(*model, "attractiveness"), expected.at("attr")) < kRounding);
  const ClickParameters went_on = parameters_called(*model, "continuation");
  for (std::size_t k = 0; k < kVectorRanks; ++k)
    CHECK(went_on.values[k] == Approx(expected.at("cont")[k].get<double>()).epsilon(1e-12));
  check_quality(*model, expected);
}

TEST_CASE("the simplified dynamic Bayesian network equals the vectors") {
  const auto expected = click_vector("sdbn_mle");
  const auto model = fitted_to_vectors("sdbn", 1);
  CHECK(largest_difference(parameters_called(*model, "attractiveness"), expected.at("attr")) < kRounding);
  CHECK(largest_difference(parameters_called(*model, "satisfaction"), expected.at("sat")) < kRounding);
  check_quality(*model, expected);
}

TEST_CASE("examination ratios of the vectors' truth are recovered up to noise") {
  const auto truth = click_vector("truth");
  const auto looked = parameters_called(*fitted_to_vectors("pbm", 50), "examination").values;
  // 1,500 lists: the click rate of rank k has a relative standard error of about 1 / sqrt(clicks), which
  // are 374, 254, 148, 95 and 79 at the first five ranks; three such errors of both ranks together.
  const std::array<double, 5> clicks{374, 254, 148, 95, 79};
  for (std::size_t k = 1; k < clicks.size(); ++k) {
    const double ratio = looked[k] / looked[0];
    const double expected = truth.at("true_exam")[k].get<double>() / truth.at("true_exam")[0].get<double>();
    CHECK(std::abs(ratio / expected - 1) < 3 * std::sqrt(1 / clicks[0] + 1 / clicks[k]));
  }
}

}  // namespace pagewright
