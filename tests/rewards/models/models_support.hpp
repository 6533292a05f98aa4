#pragma once
// The simulated shop's page language, reward models of it with random weights, and pages to score.

#include <span>
#include <string>
#include <vector>

#include "core/numerics/numeric_threads.hpp"
#include "distributed/flat_parameters.hpp"
#include "rewards/models/page_batch.hpp"
#include "rewards/simulator/world.hpp"
#include "rewards/terms/request_pages.hpp"

namespace pagewright::models_test {

/// The language of configs/quickstart.yaml.
PageLanguage quickstart_language();

/// A reward model of the quickstart's shape, `layers` deep.
ModelConfig quickstart_model(const PageLanguage& language, std::vector<std::string> heads, int layers = 2);

/// Parameters with normal noise of spread `stddev` added, heads included.
FlatParameters noisy_model(const ModelConfig& config, std::uint64_t seed, double stddev = 0.15);

/// Makes attention and feed-forward blocks add nothing, so that a row's state depends on its token alone.
void silence_blocks(FlatParameters& parameters);

/// Pages of one request, encoded in the candidate order of iteration 0.
RequestPages encoded_pages(const PageLanguage& language, const Request& request, std::int64_t key,
                           std::vector<Page> pages);

PageBatch batch_of(const PageLanguage& language, std::span<const RequestPages> groups);

}  // namespace pagewright::models_test
