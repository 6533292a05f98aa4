#pragma once
// The inhabitants of the simulated shop: items and users with what is hidden about them.

#include <cstdint>
#include <vector>

#include "core/page/request.hpp"
#include "rewards/simulator/simulator_config.hpp"

namespace pagewright {

struct WorldItem {
  Item visible;                ///< as a request shows it; `features.quality` is a noisy observation
  int product = 0;             ///< items of one product are variants of each other
  std::vector<double> latent;  ///< [dims], length 1
  double quality = 0;          ///< standard normal over the catalogue
  double log_price = 0;        ///< (log price - log price_level) / price_spread
};

struct WorldUser {
  std::vector<double> taste;  ///< [dims], length 1
  double price_sensitivity = 1;
};

/// Items [0, train_items) and, after them, the test items; no product has items in both parts. Item i has the
/// id "i<i>". The last product of a part may have fewer variants.
std::vector<WorldItem> make_items(const SimulatorConfig& config, std::uint64_t seed);

/// User i has the id "u<i>". A user's taste does not depend on how many users there are.
std::vector<WorldUser> make_users(const SimulatorConfig& config, std::uint64_t seed, std::int64_t count);

}  // namespace pagewright
