#include <filesystem>
#include <fstream>

#include "launch/experiment.hpp"
#include "launch/run_identity.hpp"
#include "rewards/terms/term_list.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

LoadedExperiment with_reward_terms(const std::string& terms, std::vector<std::string> sets = {}) {
  sets.insert(sets.begin(), "rewards.terms=[" + terms + "]");
  return load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", sets);
}

TEST_CASE("reward terms are read with the keys of their kind") {
  const Experiment experiment =
      with_reward_terms(
          "{kind: redundancy, name: twins, weight: 0.5, price_ratio: 1.5}, "
          "{kind: price_band, name: cheap, max_price: 2000, target: 0.3}, "
          "{kind: freshness, name: fresh, feature: age, half_life: 30}, "
          "{kind: exposure, name: small, attribute: seller, values: [s1, s2], limit: 0.2, rate: 3}, "
          "{kind: ad_share, name: ads, limit: 0.1, positions: discounted}, "
          "{kind: external, name: own, program: [python3, own.py], fallback: -1, deadline: 2.5}")
          .experiment;
  REQUIRE(experiment.terms.size() == 6);
  CHECK(experiment.terms[0].weight == 0.5);
  CHECK(experiment.terms[0].rule.price_ratio == 1.5);
  CHECK(experiment.terms[1].rule.max_price == 2000);
  CHECK(experiment.terms[1].rule.target == 0.3);
  CHECK(experiment.terms[2].rule.half_life == 30);
  CHECK(experiment.terms[4].rule.positions == SlotPositions::discounted);
  CHECK(experiment.terms[5].external.program == std::vector<std::string>{"python3", "own.py"});
  CHECK(experiment.terms[5].external.fallback == -1);
  CHECK(experiment.terms[5].external.deadline == 2.5);
  CHECK(experiment.ppo.constraints ==
        std::vector<ConstraintConfig>{{"small", false, 0.2, 3, 0, 10}, {"ads", true, 0.1, 1, 0, 10}});
}

TEST_CASE("a constraint on what the prompt does not show is told with the field that would show it") {
  const std::string bounds =
      "{kind: ad_share, name: ads, limit: 0.1}, "
      "{kind: exposure, name: small, attribute: seller, values: [s1], limit: 0.2}, "
      "{kind: exposure, name: cups, attribute: category, values: [c1], limit: 0.2}";
  const auto told = [](const LoadedExperiment& loaded) {
    return unseen_constraints(loaded.experiment.terms, loaded.experiment.prompt);
  };
  const auto sentences = told(with_reward_terms(bounds));  // the quickstart shows ads and categories
  REQUIRE(sentences.size() == 1);
  CHECK(test::contains(sentences[0], "constraint 'small'"));
  CHECK(test::contains(sentences[0], "{seller|hash:64}"));
  CHECK(told(with_reward_terms(bounds, {R"(prompt.candidate.fused=["{price|bucket:12:log:500:40000}"])"}))
            .size() == 3);
  CHECK(told(with_reward_terms(bounds, {R"(prompt.candidate.fused=["{id|hash:64}"])"})).empty());
}

TEST_CASE("mistakes in reward terms are told at their place, all at once") {
  const std::string text = test::error_text([] {
    with_reward_terms(
        "{kind: redundancy, name: page}, {kind: ad_share, name: ads}, {kind: ad_share, name: a b, limit: 1}, "
        "{kind: margin, name: m, weight: 1}, {kind: external, name: e, address: 'ftp://x'}, "
        "{kind: validity, name: v, deadline: 3}, {kind: price_band, name: m, min_price: 5, max_price: 5}");
  });
  INFO(text);
  for (const char* const part :
       {"'page' is the name of another term", "missing key 'rewards.terms[1].limit'", "'a b' must be letters",
        "`feature` must name a feature", "begins with http://", "rewards.terms[5].deadline",
        "'m' is the name of another term", "max_price must be above min_price"})
    CHECK(test::contains(text, part));
}

TEST_CASE("terms belong to a run's identity, but for the manner in which external ones are asked") {
  const auto identity = [](const std::string& terms) {
    return trained_configuration(with_reward_terms(terms), "both");
  };
  const std::string text = identity("{kind: external, name: e, program: [x]}");
  CHECK(identity("") != text);
  CHECK(identity("{kind: external, name: e, program: [y]}") != text);
  CHECK(identity("{kind: external, name: e, program: [x], fallback: 0}") != text);
  CHECK(identity("{kind: external, name: e, program: [x], batch: 3, deadline: 1, startup: 0, retries: 9, "
                 "backoff: 1, breaker: 9, pause: 9}") == text);
  CHECK(identity("") ==
        trained_configuration(
            load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", {}),
            "both"));
}

TEST_CASE("an effective configuration with terms loads again to the same values") {
  const LoadedExperiment loaded = with_reward_terms(
      "{kind: external, name: e, program: [x, -y], fallback: 0}, {kind: ad_share, name: ads, limit: 0.1}");
  test::TemporaryFolder folder;
  std::ofstream(folder / "config.yaml") << loaded.effective_yaml;
  CHECK(load_experiment(folder / "config.yaml", {}).values == loaded.values);
  CHECK(loaded.values.at("rewards.terms[1].max_multiplier") == "10");
}

}  // namespace
}  // namespace pagewright
