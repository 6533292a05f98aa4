#include "core/metrics/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/metrics/page_metrics.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

nlohmann::json ranking_vectors() {
  std::ifstream file(PAGEWRIGHT_TEST_DATA "/metrics/ranking_metrics.json");
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

int relevant_in(const std::vector<double>& grades) {
  return static_cast<int>(std::count_if(grades.begin(), grades.end(), [](double g) { return g > 0; }));
}

}  // namespace

TEST_CASE("ranking metrics equal the published vectors") {
  const auto vectors = ranking_vectors();
  REQUIRE(vectors.at("cases").size() == 12);
  for (const auto& expected : vectors.at("cases")) {
    const auto relevance = expected.at("rel_in_rank_order").get<std::vector<double>>();
    const int k = expected.at("k").get<int>();
    const int relevant = relevant_in(relevance);
    const auto close = [&](const char* name) {
      return Approx(expected.at(name).get<double>()).epsilon(1e-12).margin(1e-15);
    };
    CHECK(dcg(relevance, k, GainKind::linear) == close("dcg_linear@10"));
    CHECK(dcg(relevance, k, GainKind::exponential) == close("dcg_exp2@10"));
    CHECK(ndcg(relevance, relevance, k, GainKind::linear) == close("ndcg_linear@10"));
    CHECK(ndcg(relevance, relevance, k, GainKind::exponential) == close("ndcg_exp2@10"));
    CHECK(reciprocal_rank(relevance) == close("mrr"));
    CHECK(average_precision(relevance, relevant) == close("ap"));
    CHECK(precision(relevance, k) == close("precision@10"));
    CHECK(recall(relevance, k, relevant) == close("recall@10"));
    CHECK(hit(relevance, k) == close("hit@10"));
    CHECK(expected_reciprocal_rank(relevance, k, 4) == close("err@10_gmax4"));
    CHECK(rank_biased_precision(relevance, 0.8) == close("rbp_p0.8"));
    const auto subtopics = expected.at("subtopics_in_rank_order").get<SubtopicTable>();
    CHECK(alpha_dcg(subtopics, k, 0.5) == close("alpha_dcg@10"));
    CHECK(alpha_ndcg(subtopics, k, 0.5) == close("alpha_ndcg@10_greedy_ideal"));
    const auto vectors_in_order = expected.at("emb_in_rank_order").get<std::vector<std::vector<double>>>();
    CHECK(intra_list_distance(vectors_in_order, k) == close("ild_cosine@10"));
  }
}

TEST_CASE("NDCG divides by the best order of all judged items, found by trying every order") {
  CounterRandom random(11, RandomStream::baseline);
  for (int repetition = 0; repetition < 50; ++repetition) {
    std::vector<double> judged(6);
    for (double& grade : judged) grade = static_cast<double>(random.below(4));
    std::vector<double> listed(judged.begin(), judged.begin() + 3);
    random.shuffle(std::span(listed));
    for (const GainKind kind : {GainKind::linear, GainKind::exponential}) {
      std::vector<double> order = judged;
      std::sort(order.begin(), order.end());
      double best = 0;
      do best = std::max(best, dcg(order, 4, kind));
      while (std::next_permutation(order.begin(), order.end()));
      const double expected = best > 0 ? dcg(listed, 4, kind) / best : 0;
      CHECK(ndcg(listed, judged, 4, kind) == Approx(expected).margin(1e-15));
    }
  }
}

TEST_CASE("relevant items that the list misses lower recall, average precision and NDCG") {
  const std::vector<double> listed{0, 1, 0};
  const std::vector<double> judged{1, 1, 0, 0};
  CHECK(recall(listed, 3, 2) == 0.5);
  CHECK(average_precision(listed, 2) == 0.25);
  CHECK(ndcg(listed, judged, 3) == Approx((1 / std::log2(3.0)) / (1 + 1 / std::log2(3.0))));
  CHECK(hit(listed, 1) == 0);
  CHECK(hit(listed, 2) == 1);
  CHECK(reciprocal_rank(listed) == 0.5);
}

TEST_CASE("alpha of 0 counts every coverage and alpha of 1 only the first") {
  const SubtopicTable both{{1, 0}, {1, 0}, {0, 1}};
  CHECK(alpha_dcg(both, 3, 0) == Approx(1 + 1 / std::log2(3.0) + 0.5));
  CHECK(alpha_dcg(both, 3, 1) == Approx(1 + 0.5));
  CHECK(alpha_ndcg(both, 3, 1) == Approx(1.5 / (1 + 1 / std::log2(3.0))));
}

TEST_CASE("ranking metrics of lists in which nothing is relevant are 0") {
  const std::vector<double> none(4, 0.0);
  CHECK(ndcg(none, none, 10) == 0);
  CHECK(recall(none, 10, 0) == 0);
  CHECK(average_precision(none, 0) == 0);
  CHECK(reciprocal_rank(none) == 0);
  CHECK(ndcg({}, {}, 10) == 0);
  CHECK(alpha_ndcg({}, 10, 0.5) == 0);
}

TEST_CASE("ranking metrics refuse impossible input") {
  const std::vector<double> one{1.0}, negative{-1.0}, unknown{std::nan("")};
  CHECK_THROWS_AS(dcg(one, 0), Error);
  CHECK_THROWS_AS(dcg(negative, 1), Error);
  CHECK_THROWS_AS(reciprocal_rank(unknown), Error);
  CHECK_THROWS_AS(recall(one, 1, 0), Error);
  CHECK_THROWS_AS(average_precision(one, 0), Error);
  CHECK_THROWS_AS(expected_reciprocal_rank(one, 1, 0.5), Error);
  CHECK_THROWS_AS(rank_biased_precision(one, 1.0), Error);
  CHECK_THROWS_AS(alpha_dcg({{1, 0}, {1}}, 2, 0.5), Error);
}

}  // namespace pagewright
