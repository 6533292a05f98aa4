#include "core/model/added_rows.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/rng.hpp"

namespace pagewright {
namespace {

constexpr double kNoise = 0.1;  ///< of the spread of the rows that are there

/// The matrix's first rows, summed by column and over all elements.
struct KnownRows {
  const float* values;
  std::int64_t rows, dim;

  std::vector<double> mean_of_all() const {
    std::vector<double> mean(static_cast<std::size_t>(dim), 0.0);
    for (std::int64_t r = 0; r < rows; ++r) add(r, 1.0 / static_cast<double>(rows), mean);
    return mean;
  }
  std::vector<double> mean_of(const std::vector<TokenId>& ids) const {
    std::vector<double> mean(static_cast<std::size_t>(dim), 0.0);
    for (const TokenId id : ids) add(id, 1.0 / static_cast<double>(ids.size()), mean);
    return mean;
  }
  /// Standard deviation of the elements about their columns' means.
  double spread(const std::vector<double>& mean) const {
    double squares = 0;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t d = 0; d < dim; ++d) {
        const double off = values[r * dim + d] - mean[static_cast<std::size_t>(d)];
        squares += off * off;
      }
    return std::sqrt(squares / (static_cast<double>(rows) * static_cast<double>(dim)));
  }

 private:
  void add(std::int64_t row, double weight, std::vector<double>& sum) const {
    for (std::int64_t d = 0; d < dim; ++d) sum[static_cast<std::size_t>(d)] += weight * values[row * dim + d];
  }
};

}  // namespace

void start_added_rows(const at::Tensor& matrix, std::int64_t begin,
                      const std::vector<std::vector<TokenId>>& words, std::uint64_t seed,
                      std::string_view name) {
  const std::int64_t dim = matrix.size(1);
  require(matrix.scalar_type() == at::kFloat && matrix.is_contiguous(),
          "{}: added rows need contiguous floats", name);
  require(begin > 0 && begin + std::ssize(words) == matrix.size(0), "{}: {} rows, of which {} and {} more",
          name, matrix.size(0), begin, words.size());
  auto* values = matrix.mutable_data_ptr<float>();
  const KnownRows known{values, begin, dim};
  const std::vector<double> mean = known.mean_of_all();
  const double noise = kNoise * known.spread(mean);
  const std::uint64_t key = stable_hash(name);
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const TokenId id : words[i])
      require(id >= 0 && id < begin, "{}: token {} is none of the {} that are there", name, id, begin);
    const std::vector<double> start = words[i].empty() ? mean : known.mean_of(words[i]);
    CounterRandom random(seed, RandomStream::added_rows, i, key & 0xFFFFFFFFu);
    float* row = values + (begin + static_cast<std::int64_t>(i)) * dim;
    for (std::int64_t d = 0; d < dim; ++d)
      row[d] = static_cast<float>(start[static_cast<std::size_t>(d)] + noise * random.normal());
  }
}

}  // namespace pagewright
