#pragma once
// A simulated shop: its items, its users, and what its users want.

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/request.hpp"
#include "rewards/simulator/page_truth.hpp"
#include "rewards/simulator/population.hpp"
#include "rewards/simulator/simulator_config.hpp"

namespace pagewright {

/// Everything in a world is a pure function of (configuration, schema, seed). Users 0 ... train_users-1 are
/// for training and validation, the others for the test; the same holds for items.
///
/// Note [Simulated shop]
/// Match of user u and item i: sqrt(dims) * taste_u . latent_i, about standard normal over random items.
/// Given a page,
///   P(click at k) = examination(place of k, device) * sigmoid(interest(u, i) + page effect of the items
///   above k) interest = bias + match + quality - price_sensitivity_u * price + ad, each with its weight
///   P(purchase | click) = sigmoid(bias + match + quality - price_sensitivity_u * price)
/// Page effects look at the items above only, so a page's expectations are closed sums over its slots. Items
/// of the training part and of the test part differ; categories and brands are common to both.
class World {
 public:
  World(SimulatorConfig config, PageSchema schema, std::uint64_t seed);

  const SimulatorConfig& config() const { return config_; }
  const PageSchema& schema() const { return schema_; }
  std::uint64_t seed() const { return seed_; }

  /// Requests of training and validation users; their number follows from the number of pages.
  std::int64_t train_requests() const { return train_requests_; }
  std::int64_t requests() const { return train_requests_ + config_.test_requests; }
  std::int64_t train_users() const { return train_users_; }
  /// Whether request `index` of a training or validation user is shown twice.
  bool shown_twice(std::int64_t index) const;

  /// The numbers of an id of this world; an id of no item or user of this world is an Error.
  std::int64_t item_index(const std::string& id) const;
  std::int64_t user_index(const std::string& id) const;
  const WorldItem& item(std::int64_t index) const { return items_[static_cast<std::size_t>(index)]; }
  const WorldUser& user(std::int64_t index) const { return users_[static_cast<std::size_t>(index)]; }
  std::int64_t items() const { return static_cast<std::int64_t>(items_.size()); }
  std::int64_t users() const { return static_cast<std::int64_t>(users_.size()); }
  Split split_of_user(std::int64_t user) const;

  double match(std::int64_t user, std::int64_t item) const;
  /// Logit of a click on an examined slot, page effects left out.
  double interest(std::int64_t user, std::int64_t item) const;
  /// Logit of a purchase after a click.
  double purchase_logit(std::int64_t user, std::int64_t item) const;

  /// Expectations of any page of any request whose user and items are of this world, with the request's
  /// history and context. For several pages of one request RequestTruth is faster.
  PageTruth truth(const Request& request, const Page& page) const;

 private:
  void count_requests();

  SimulatorConfig config_;
  PageSchema schema_;
  std::uint64_t seed_;
  std::int64_t train_requests_ = 0;
  std::int64_t train_users_ = 0;
  std::vector<WorldItem> items_;
  std::vector<WorldUser> users_;
};

}  // namespace pagewright
