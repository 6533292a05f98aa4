#include "rewards/feedback/request_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/rng.hpp"
#include "core/numerics/cholesky.hpp"
#include "rewards/clicks/candidate_signals.hpp"

namespace pagewright {
namespace {

using Row = std::vector<double>;

/// The values of the context that get a variable each.
class ContextColumns {
 public:
  explicit ContextColumns(const std::vector<JudgedPage>& pages) {
    std::map<std::string, std::map<std::string, std::size_t>> seen;
    for (const JudgedPage& page : pages)
      for (const auto& [key, value] : page.request->context) {
        auto& values = seen[key];
        if (values.size() <= kMostValues) ++values[value];
      }
    constexpr std::size_t kFewestPages = 20;
    for (const auto& [key, values] : seen) {
      if (values.size() > kMostValues) continue;
      for (const auto& [value, count] : values)
        if (count >= kFewestPages) columns_.emplace_back(key, value);
    }
  }

  void append_to(Row& row, const Request& request) const {
    for (const auto& [key, value] : columns_) {
      const auto found = request.context.find(key);
      row.push_back(found != request.context.end() && found->second == value ? 1 : 0);
    }
  }

 private:
  static constexpr std::size_t kMostValues = 20;
  std::vector<std::pair<std::string, std::string>> columns_;
};

Row mean_signals(const Request& request) {
  Row means(candidate_signal_names().size());
  for (std::size_t candidate = 0; candidate < request.candidates.size(); ++candidate) {
    const std::vector<double> signals = candidate_signals(request, candidate);
    for (std::size_t s = 0; s < means.size(); ++s)
      means[s] += signals[s] / static_cast<double>(request.candidates.size());
  }
  return means;
}

std::vector<Row> baseline_features(const std::vector<JudgedPage>& pages) {
  const ContextColumns context(pages);
  std::vector<Row> rows;
  rows.reserve(pages.size());
  for (const JudgedPage& page : pages) {
    Row& row = rows.emplace_back(mean_signals(*page.request));
    row.push_back(std::log1p(static_cast<double>(page.request->history.size())));
    row.push_back(std::log(static_cast<double>(page.request->candidates.size())));
    context.append_to(row, *page.request);
  }
  return rows;
}

/// Columns get mean 0 and standard deviation 1; those that do not vary become 0.
void standardise(std::vector<Row>& rows) {
  const auto count = static_cast<double>(rows.size());
  for (std::size_t column = 0; column < rows.front().size(); ++column) {
    double mean = 0, squares = 0;
    for (const Row& row : rows) mean += row[column] / count;
    for (const Row& row : rows) squares += (row[column] - mean) * (row[column] - mean) / count;
    const double scale = squares > 1e-12 * (1 + mean * mean) ? 1 / std::sqrt(squares) : 0;
    for (Row& row : rows) row[column] = (row[column] - mean) * scale;
  }
}

/// Ridge regression of utility on the facts, [pages].
std::vector<double> expected_by_facts(const std::vector<JudgedPage>& pages) {
  std::vector<Row> rows = baseline_features(pages);
  standardise(rows);
  const std::size_t n = rows.front().size();
  double mean = 0;
  for (const JudgedPage& page : pages) mean += utility_of(page) / static_cast<double>(pages.size());
  std::vector<double> normal(n * n), right(n);
  for (std::size_t p = 0; p < pages.size(); ++p)
    for (std::size_t i = 0; i < n; ++i) {
      right[i] += rows[p][i] * (utility_of(pages[p]) - mean);
      for (std::size_t j = 0; j <= i; ++j) normal[i * n + j] += rows[p][i] * rows[p][j];
    }
  for (std::size_t i = 0; i < n; ++i) normal[i * n + i] += 1;
  const std::vector<double> weights = solve_positive_definite(std::move(normal), std::move(right));
  std::vector<double> expected;
  for (const Row& row : rows)
    expected.push_back(std::inner_product(row.begin(), row.end(), weights.begin(), mean));
  return expected;
}

/// Adds what the other pages of the user did beyond their own expectation, shrunk to 0.
void add_user_parts(const std::vector<JudgedPage>& pages, std::vector<double>& expected) {
  constexpr double kPriorPages = 3;
  struct Sum {
    double beyond = 0, pages = 0;
  };
  std::unordered_map<std::string, Sum> users;
  for (std::size_t p = 0; p < pages.size(); ++p) {
    Sum& sum = users[pages[p].request->user];
    sum.beyond += utility_of(pages[p]) - expected[p];
    sum.pages += 1;
  }
  for (std::size_t p = 0; p < pages.size(); ++p) {
    if (pages[p].request->user.empty()) continue;
    const Sum& sum = users.at(pages[p].request->user);
    const double own = utility_of(pages[p]) - expected[p];
    expected[p] += (sum.beyond - own) / (sum.pages - 1 + kPriorPages);
  }
}

}  // namespace

double utility_of(const JudgedPage& page) {
  double sum = 0;
  for (const double gain : page.gains) sum += gain;
  return sum;
}

std::vector<double> request_baselines(const std::vector<JudgedPage>& pages) {
  if (pages.empty()) return {};
  std::vector<double> baselines = expected_by_facts(pages);
  add_user_parts(pages, baselines);
  return baselines;
}

std::vector<AcrossPair> pairs_across_requests(const std::vector<JudgedPage>& pages, double margin,
                                              std::uint64_t seed) {
  constexpr std::size_t kNeighbours = 16;
  constexpr std::uint64_t kSample = 2;  // draws of the page model have sample 1
  const std::vector<double> baselines = request_baselines(pages);
  std::vector<std::size_t> order(pages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return baselines[a] < baselines[b]; });
  std::vector<AcrossPair> pairs;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    CounterRandom random(seed, RandomStream::pairs, static_cast<std::uint64_t>(PairFamily::natural),
                         static_cast<std::uint64_t>(pages[order[i]].index), kSample);
    const std::size_t j = i + 1 + random.below(std::min(kNeighbours, order.size() - 1 - i));
    const JudgedPage &first = pages[order[i]], &second = pages[order[j]];
    if (first.logged->request == second.logged->request) continue;
    const double gap = utility_of(first) - baselines[order[i]] - utility_of(second) + baselines[order[j]];
    if (!(std::abs(gap) > margin)) continue;
    pairs.push_back(gap > 0 ? AcrossPair{&first, &second, gap} : AcrossPair{&second, &first, -gap});
  }
  return pairs;
}

}  // namespace pagewright
