#include "core/metrics/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

void check_grades(std::span<const double> relevance) {
  for (const double grade : relevance)
    require(std::isfinite(grade) && grade >= 0,
            "ranking metric: grade {} is not a finite number of at least 0", grade);
}

std::span<const double> checked_top(std::span<const double> relevance, int k) {
  require(k >= 1, "ranking metric: cut-off {} is below 1", k);
  check_grades(relevance);
  return relevance.first(std::min(relevance.size(), static_cast<std::size_t>(k)));
}

double rank_discount(std::size_t index) {
  return std::log2(static_cast<double>(index) + 2);
}

double gain_of_grade(double grade, GainKind kind) {
  return kind == GainKind::linear ? grade : std::exp2(grade) - 1;
}

int relevant_among(std::span<const double> relevance) {
  return static_cast<int>(
      std::count_if(relevance.begin(), relevance.end(), [](double grade) { return grade > 0; }));
}

double subtopic_gain(const std::vector<int>& covered, std::span<const int> seen, double alpha) {
  double gain = 0;
  for (std::size_t topic = 0; topic < covered.size(); ++topic)
    if (covered[topic] != 0) gain += std::pow(1 - alpha, seen[topic]);
  return gain;
}

void mark_seen(const std::vector<int>& covered, std::span<int> seen) {
  for (std::size_t topic = 0; topic < covered.size(); ++topic) seen[topic] += covered[topic] != 0;
}

std::size_t checked_topics(const SubtopicTable& subtopics, int k, double alpha) {
  require(k >= 1, "ranking metric: cut-off {} is below 1", k);
  require(alpha >= 0 && alpha <= 1, "ranking metric: alpha {} is outside 0 to 1", alpha);
  const std::size_t topics = subtopics.empty() ? 0 : subtopics.front().size();
  for (const auto& row : subtopics)
    require(row.size() == topics, "ranking metric: an item has {} subtopics, the first one {}", row.size(),
            topics);
  return topics;
}

/// Order in which each next item adds the most new subtopics.
SubtopicTable greedy_subtopic_order(SubtopicTable left, std::size_t topics, int k, double alpha) {
  SubtopicTable order;
  std::vector<int> seen(topics, 0);
  while (!left.empty() && order.size() < static_cast<std::size_t>(k)) {
    std::size_t best = 0;
    double best_gain = -1;
    for (std::size_t item = 0; item < left.size(); ++item) {
      const double gain = subtopic_gain(left[item], seen, alpha);
      if (gain > best_gain) best_gain = gain, best = item;
    }
    mark_seen(left[best], seen);
    order.push_back(std::move(left[best]));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return order;
}

}  // namespace

double dcg(std::span<const double> relevance, int k, GainKind kind) {
  const auto top = checked_top(relevance, k);
  double sum = 0;
  for (std::size_t i = 0; i < top.size(); ++i) sum += gain_of_grade(top[i], kind) / rank_discount(i);
  return sum;
}

double ndcg(std::span<const double> relevance, std::span<const double> judged, int k, GainKind kind) {
  std::vector<double> ideal(judged.begin(), judged.end());
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  const double best = dcg(ideal, k, kind);
  return best > 0 ? dcg(relevance, k, kind) / best : 0.0;
}

double precision(std::span<const double> relevance, int k) {
  return relevant_among(checked_top(relevance, k)) / static_cast<double>(k);
}

double recall(std::span<const double> relevance, int k, int relevant) {
  const int found = relevant_among(checked_top(relevance, k));
  require(found <= relevant, "recall: {} relevant items were listed, but only {} exist", found, relevant);
  return relevant > 0 ? found / static_cast<double>(relevant) : 0.0;
}

double hit(std::span<const double> relevance, int k) {
  return relevant_among(checked_top(relevance, k)) > 0 ? 1.0 : 0.0;
}

double reciprocal_rank(std::span<const double> relevance) {
  check_grades(relevance);
  const auto first = std::find_if(relevance.begin(), relevance.end(), [](double grade) { return grade > 0; });
  return first == relevance.end() ? 0.0 : 1.0 / static_cast<double>(first - relevance.begin() + 1);
}

double average_precision(std::span<const double> relevance, int relevant) {
  check_grades(relevance);
  double sum = 0;
  int found = 0;
  for (std::size_t i = 0; i < relevance.size(); ++i)
    if (relevance[i] > 0) sum += ++found / static_cast<double>(i + 1);
  require(found <= relevant, "average precision: {} relevant items were listed, but only {} exist", found,
          relevant);
  return relevant > 0 ? sum / relevant : 0.0;
}

double expected_reciprocal_rank(std::span<const double> relevance, int k, double max_grade) {
  double reached = 1, sum = 0;
  const auto top = checked_top(relevance, k);
  for (std::size_t i = 0; i < top.size(); ++i) {
    require(top[i] <= max_grade, "expected reciprocal rank: grade {} is above the maximum {}", top[i],
            max_grade);
    const double stop = (std::exp2(top[i]) - 1) / std::exp2(max_grade);
    sum += reached * stop / static_cast<double>(i + 1);
    reached *= 1 - stop;
  }
  return sum;
}

double rank_biased_precision(std::span<const double> relevance, double persistence) {
  require(persistence > 0 && persistence < 1, "rank-biased precision: persistence {} is outside 0 to 1",
          persistence);
  check_grades(relevance);
  double sum = 0, weight = 1 - persistence;
  for (const double grade : relevance) {
    if (grade > 0) sum += weight;
    weight *= persistence;
  }
  return sum;
}

double alpha_dcg(const SubtopicTable& subtopics, int k, double alpha) {
  std::vector<int> seen(checked_topics(subtopics, k, alpha), 0);
  double sum = 0;
  for (std::size_t i = 0; i < std::min(subtopics.size(), static_cast<std::size_t>(k)); ++i) {
    sum += subtopic_gain(subtopics[i], seen, alpha) / rank_discount(i);
    mark_seen(subtopics[i], seen);
  }
  return sum;
}

double alpha_ndcg(const SubtopicTable& subtopics, int k, double alpha) {
  const std::size_t topics = checked_topics(subtopics, k, alpha);
  const double best = alpha_dcg(greedy_subtopic_order(subtopics, topics, k, alpha), k, alpha);
  return best > 0 ? alpha_dcg(subtopics, k, alpha) / best : 0.0;
}

}  // namespace pagewright
