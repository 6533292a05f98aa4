#include "core/metrics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"

namespace pagewright {
namespace {

/// Sums per user: [users][2 * columns], numerators first.
struct UserSums {
  std::size_t users = 0;
  std::size_t columns = 0;
  std::vector<double> sums;
  std::span<const double> row(std::size_t user) const {
    return std::span(sums).subspan(user * 2 * columns, 2 * columns);
  }
};

UserSums sum_by_user(std::span<const std::int32_t> users, std::span<const RatioColumn> columns) {
  UserSums result;
  result.columns = columns.size();
  for (const std::int32_t user : users) {
    require(user >= 0, "bootstrap: user number {} is negative", user);
    result.users = std::max(result.users, static_cast<std::size_t>(user) + 1);
  }
  result.sums.assign(result.users * 2 * result.columns, 0.0);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    require(columns[c].numerator.size() == users.size() && columns[c].denominator.size() == users.size(),
            "bootstrap: column {} has {} numerators and {} denominators for {} observations", c,
            columns[c].numerator.size(), columns[c].denominator.size(), users.size());
    for (std::size_t i = 0; i < users.size(); ++i) {
      double* row = result.sums.data() + static_cast<std::size_t>(users[i]) * 2 * result.columns;
      row[c] += columns[c].numerator[i];
      row[result.columns + c] += columns[c].denominator[i];
    }
  }
  return result;
}

/// How often each user was drawn in one resample.
void draw_users(std::vector<std::uint32_t>& times, std::uint64_t seed, int resample) {
  std::fill(times.begin(), times.end(), 0u);
  CounterRandom random(seed, RandomStream::bootstrap, static_cast<std::uint64_t>(resample));
  for (std::size_t i = 0; i < times.size(); ++i)
    ++times[static_cast<std::size_t>(random.below(times.size()))];
}

void add_weighted(std::vector<double>& totals, std::span<const double> row, double weight) {
  for (std::size_t c = 0; c < totals.size(); ++c) totals[c] += weight * row[c];
}

/// Quantile of sorted values by linear interpolation between order statistics.
double sorted_quantile(const std::vector<double>& sorted, double probability) {
  const double place = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::int64_t counted_observations(const RatioColumn& column) {
  return std::count_if(column.denominator.begin(), column.denominator.end(), [](double d) { return d != 0; });
}

}  // namespace

RatioColumn mean_column(std::span<const double> values) {
  RatioColumn column;
  column.numerator.reserve(values.size());
  column.denominator.reserve(values.size());
  for (const double value : values) {
    const bool defined = !std::isnan(value);
    column.numerator.push_back(defined ? value : 0.0);
    column.denominator.push_back(defined ? 1.0 : 0.0);
  }
  return column;
}

RatioColumn difference_column(std::span<const double> left, std::span<const double> right) {
  require(left.size() == right.size(), "paired difference: {} values against {}", left.size(), right.size());
  std::vector<double> differences(left.size());
  for (std::size_t i = 0; i < left.size(); ++i) differences[i] = left[i] - right[i];
  return mean_column(differences);
}

std::vector<std::int32_t> number_users(std::span<const std::string> users) {
  std::unordered_map<std::string, std::int32_t> numbers;
  std::vector<std::int32_t> result;
  result.reserve(users.size());
  for (const std::string& user : users)
    result.push_back(numbers.try_emplace(user, static_cast<std::int32_t>(numbers.size())).first->second);
  return result;
}

std::vector<Estimate> bootstrap_by_user(std::span<const std::int32_t> users,
                                        std::span<const RatioColumn> columns,
                                        const BootstrapOptions& options) {
  require(options.resamples >= 1, "bootstrap: {} resamples are too few", options.resamples);
  require(options.level > 0 && options.level < 1, "bootstrap: level {} is outside 0 to 1", options.level);
  const UserSums sums = sum_by_user(users, columns);
  const std::size_t width = columns.size();
  std::vector<double> totals(2 * width, 0.0);
  std::vector<std::uint32_t> times(sums.users);
  for (std::size_t user = 0; user < sums.users; ++user) add_weighted(totals, sums.row(user), 1.0);

  const double unknown = std::numeric_limits<double>::quiet_NaN();
  std::vector<Estimate> estimates(width);
  for (std::size_t c = 0; c < width; ++c) {
    estimates[c].mean = totals[width + c] != 0 ? totals[c] / totals[width + c] : unknown;
    estimates[c].n = counted_observations(columns[c]);
  }
  std::vector<std::vector<double>> draws(width);
  for (auto& column : draws) column.reserve(static_cast<std::size_t>(options.resamples));
  for (int resample = 0; resample < options.resamples && sums.users > 0; ++resample) {
    draw_users(times, options.seed, resample);
    std::fill(totals.begin(), totals.end(), 0.0);
    for (std::size_t user = 0; user < sums.users; ++user)
      if (times[user] > 0) add_weighted(totals, sums.row(user), static_cast<double>(times[user]));
    for (std::size_t c = 0; c < width; ++c)
      if (totals[width + c] != 0) draws[c].push_back(totals[c] / totals[width + c]);
  }
  for (std::size_t c = 0; c < width; ++c) {
    std::sort(draws[c].begin(), draws[c].end());
    estimates[c].low = draws[c].empty() ? unknown : sorted_quantile(draws[c], (1 - options.level) / 2);
    estimates[c].high = draws[c].empty() ? unknown : sorted_quantile(draws[c], (1 + options.level) / 2);
  }
  return estimates;
}

}  // namespace pagewright
