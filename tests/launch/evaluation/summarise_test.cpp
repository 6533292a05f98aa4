#include "launch/evaluation/summarise.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include <stdlib.h>

#include "core/base/error.hpp"
#include "launch/evaluation/evaluation_json.hpp"
#include "launch/evaluation/evaluation_table.hpp"
#include "tests/launch/evaluation/evaluation_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Pages as shown with true values drawn about `level`, most of the noise the same for all policies.
PolicyPages pages_with_truth(const std::string& name, std::span<const EvaluationCase> cases, double level) {
  PolicyPages result;
  result.name = name;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CounterRandom random(31, RandomStream::world, 0, i);
    CounterRandom own(31, RandomStream::world, 1, i, static_cast<std::uint64_t>(10 * level));
    EvaluatedPage page;
    page.key = cases[i].key;
    page.page = cases[i].shown->page;
    page.metrics.true_utility = random.normal() + level + 0.2 * own.normal();
    page.metrics.true_gmv = 100 * page.metrics.true_utility;
    page.metrics.true_ctr = page.metrics.true_utility / 8;
    page.metrics.validity = 1;
    if (!cases[i].shown->events.empty()) page.metrics.reciprocal_rank = 0.5;
    result.pages.push_back(page);
  }
  return result;
}

struct SmallWorld {
  FeedbackLog log = test::list_log(120);
  std::vector<EvaluationCase> cases = evaluation_cases(log, Split::test);
  std::vector<PolicyPages> policies{
      pages_with_truth("random", cases, 1), pages_with_truth("logged", cases, 2),
      pages_with_truth("imitation", cases, 2), pages_with_truth("both", cases, 2.5),
      pages_with_truth("oracle", cases, 3)};
  SummaryOptions options() const {
    SummaryOptions result;
    result.differences = usual_differences(policies, cases);
    result.differences.emplace_back("both", "nobody");
    return result;
  }
};

void check_same(const MetricEstimates& left, const MetricEstimates& right) {
  REQUIRE(left.size() == right.size());
  for (const auto& [name, estimate] : left) {
    const Estimate& other = right.at(name);
    CHECK((estimate.mean == other.mean || (std::isnan(estimate.mean) && std::isnan(other.mean))));
    CHECK((estimate.low == other.low || (std::isnan(estimate.low) && std::isnan(other.low))));
    CHECK((estimate.high == other.high || (std::isnan(estimate.high) && std::isnan(other.high))));
    CHECK(estimate.n == other.n);
  }
}

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pagewright-evaluation-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

TEST_CASE("a summary holds means over the cases where a metric is defined") {
  const SmallWorld world;
  const Evaluation evaluation = summarise(world.policies, world.cases, world.options());
  CHECK(evaluation.requests == 120);
  CHECK(evaluation.users == 40);
  REQUIRE(evaluation.policies.size() == 5);
  const PolicySummary* both = evaluation.find_policy("both");
  REQUIRE(both != nullptr);
  double sum = 0;
  for (const EvaluatedPage& page : world.policies[3].pages) sum += page.metrics.true_utility;
  CHECK(both->metrics.at("true_utility").mean == Approx(sum / 120));
  CHECK(both->metrics.at("true_utility").n == 120);
  CHECK(both->metrics.at("mrr").n == 90);
  CHECK(both->metrics.at("mrr").mean == 0.5);
  CHECK(both->metrics.count("ndcg@10") == 0);
  CHECK(evaluation.find_policy("nobody") == nullptr);
}

TEST_CASE("requests without a user are users of their own") {
  SmallWorld world;
  for (LoggedRequest& logged : world.log.requests) logged.request.user.clear();
  CHECK(summarise(world.policies, world.cases, world.options()).users == 120);
}

TEST_CASE("identical policies differ by exactly 0, better ones by an interval above 0") {
  const SmallWorld world;
  const Evaluation evaluation = summarise(world.policies, world.cases, world.options());
  const DifferenceSummary* none = evaluation.find_difference("imitation", "logged");
  REQUIRE(none != nullptr);
  CHECK(none->metrics.at("true_gmv").mean == 0);
  CHECK(none->metrics.at("true_gmv").low == 0);
  CHECK(none->metrics.at("true_gmv").high == 0);
  const DifferenceSummary* better = evaluation.find_difference("both", "imitation");
  REQUIRE(better != nullptr);
  CHECK(better->name() == "both - imitation");
  CHECK(better->metrics.at("true_utility").low > 0);
  // Pairing removes the noise that the two policies share.
  const Estimate& alone = evaluation.find_policy("both")->metrics.at("true_utility");
  const Estimate& paired = better->metrics.at("true_utility");
  CHECK(paired.high - paired.low < 0.3 * (alone.high - alone.low));
}

TEST_CASE("the usual differences compare with the references that come before") {
  const SmallWorld world;
  const std::vector<std::pair<std::string, std::string>> expected{
      {"imitation", "logged"}, {"both", "logged"}, {"both", "imitation"}};
  CHECK(usual_differences(world.policies, world.cases) == expected);
}

TEST_CASE("last touched first is a reference only where lists are seen again") {
  const SmallWorld world;
  const std::vector<PolicyPages> policies{pages_with_truth("last_touched", world.cases, 2),
                                          pages_with_truth("both", world.cases, 2)};
  const std::vector<std::pair<std::string, std::string>> expected{{"both", "last_touched"}};
  CHECK(usual_differences(policies, world.cases) == expected);
  std::vector<EvaluationCase> first_views;
  for (const EvaluationCase& test : world.cases)
    if (!test.same_list()) first_views.push_back(test);
  CHECK(usual_differences(policies, first_views).empty());
}

TEST_CASE("the share of the gap closed is 0 for random, 1 for the oracle and a ratio of means between them") {
  const SmallWorld world;
  const Evaluation evaluation = summarise(world.policies, world.cases, world.options());
  const auto mean = [&](const char* policy) {
    return evaluation.find_policy(policy)->metrics.at("true_gmv").mean;
  };
  const auto gap = [&](const char* policy) {
    return evaluation.find_policy(policy)->metrics.at("gap_closed_gmv");
  };
  CHECK(gap("random").mean == 0);
  CHECK(gap("random").high == 0);
  CHECK(gap("oracle").mean == Approx(1));
  CHECK(gap("oracle").low == Approx(1));
  CHECK(gap("both").mean == Approx((mean("both") - mean("random")) / (mean("oracle") - mean("random"))));
  CHECK(gap("both").low < gap("both").mean);
  CHECK(gap("both").high > gap("both").mean);
}

TEST_CASE("coverage counts distinct items over all pages and has no interval") {
  const SmallWorld world;
  const Evaluation evaluation = summarise(world.policies, world.cases, world.options());
  const Estimate coverage = evaluation.policies[0].metrics.at("coverage");
  CHECK(coverage.mean == 1);
  CHECK(std::isnan(coverage.low));
  std::set<std::string> ids;
  for (const LoggedRequest& logged : world.log.requests)
    for (const Item& item : logged.request.candidates) ids.insert(item.id);
  CHECK(coverage.n == static_cast<std::int64_t>(ids.size()));
}

TEST_CASE("first views and revisits are told apart and weigh together to the whole") {
  const SmallWorld world;
  const EvaluationReport report = summarise_with_views(world.policies, world.cases, world.options());
  REQUIRE(report.slices.size() == 2);
  CHECK(report.slices[0].first == "first views");
  CHECK(report.slices[0].second.requests == 60);
  const auto mean = [](const Evaluation& evaluation) {
    return evaluation.policies[3].metrics.at("true_ctr").mean;
  };
  CHECK(mean(report.all) == Approx((mean(report.slices[0].second) + mean(report.slices[1].second)) / 2));
}

TEST_CASE("an evaluation file is read back as it was written") {
  SmallWorld world;
  world.policies[0].pages[5].violations = {"max_ads", "duplicate_item"};
  world.policies[3].first_slot.assign(world.cases.size(), PageMetrics{});
  for (PageMetrics& metrics : world.policies[3].first_slot) metrics.ndcg = 0.25;
  EvaluationReport report = summarise_with_views(world.policies, world.cases, world.options());
  const TemporaryFolder folder;
  for (const GrammarUse use :
       {GrammarUse::on, GrammarUse::off_trained_for, GrammarUse::off_not_trained_for}) {
    report.grammar = use;
    write_evaluation(folder.path / "evaluation.json", report);
    CHECK(read_evaluation(folder.path / "evaluation.json").grammar == use);
  }
  const EvaluationReport read = read_evaluation(folder.path / "evaluation.json");
  REQUIRE(read.slices.size() == 2);
  CHECK(read.slices[1].first == "same list again");
  const std::pair<const Evaluation*, const Evaluation*> pairs[] = {
      {&report.all, &read.all}, {&report.slices[1].second, &read.slices[1].second}};
  for (const auto& [written, back] : pairs) {
    CHECK(back->requests == written->requests);
    CHECK(back->users == written->users);
    REQUIRE(back->policies.size() == written->policies.size());
    for (std::size_t i = 0; i < written->policies.size(); ++i) {
      CHECK(back->policies[i].name == written->policies[i].name);
      CHECK(back->policies[i].causes == written->policies[i].causes);
      check_same(back->policies[i].metrics, written->policies[i].metrics);
    }
    REQUIRE(back->first_slot.size() == 1);
    check_same(back->first_slot[0].metrics, written->first_slot[0].metrics);
    REQUIRE(back->differences.size() == written->differences.size());
    for (std::size_t i = 0; i < written->differences.size(); ++i) {
      CHECK(back->differences[i].name() == written->differences[i].name());
      check_same(back->differences[i].metrics, written->differences[i].metrics);
    }
  }
}

TEST_CASE("evaluation files that are broken, foreign or newer are refused by name") {
  const TemporaryFolder folder;
  const auto path = folder.path / "evaluation.json";
  const auto refused = [&](const std::string& text) {
    std::ofstream(path) << text;
    try {
      read_evaluation(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const char* text :
       {"", "{\"format\": \"pagewright-eval", "[1, 2]", "{\"format\": \"other\", \"version\": 1}",
        "{\"format\": \"pagewright-evaluation\", \"version\": 1}"})
    CHECK(refused(text).find("evaluation.json") != std::string::npos);
  CHECK(refused("{\"format\": \"pagewright-evaluation\", \"version\": 2}").find("newer") !=
        std::string::npos);
  CHECK_THROWS_AS(read_evaluation(folder.path / "missing.json"), Error);
}

TEST_CASE("the text shows every policy, difference, slice and cause") {
  SmallWorld world;
  world.policies[0].pages[0].violations = {"ad_gap"};
  world.policies[3].first_slot.assign(world.cases.size(), PageMetrics{});
  for (PageMetrics& metrics : world.policies[3].first_slot) metrics.ndcg = 0.25;
  const std::string text =
      evaluation_text(summarise_with_views(world.policies, world.cases, world.options()));
  for (const char* part : {"120 requests of 40 users", "first views", "same list again", "oracle",
                           "both - imitation", "both (first slot)", "true_gmv", "gap_closed_utility",
                           "+0.0000 [+0.0000, +0.0000] ", "random: 1 of 120 pages invalid by ad_gap"})
    CHECK(text.find(part) != std::string::npos);
  for (const char* left_out : {"duplicates", "gap_closed_gmv", "brand_diversity"})
    CHECK(text.find(left_out) == std::string::npos);
}

}  // namespace pagewright
