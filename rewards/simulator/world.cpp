#include "rewards/simulator/world.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "rewards/simulator/request_truth.hpp"

namespace pagewright {
namespace {

/// Keys ("iteration") of decisions about users and requests.
constexpr std::uint64_t kRepeatDraw = 1, kSplitDraw = 2;

std::int64_t index_of_id(const std::string& id, char prefix, std::size_t count, const char* kind) {
  std::int64_t index = -1;
  const char* const end = id.data() + id.size();
  if (id.size() >= 2 && id[0] == prefix && (id[1] != '0' || id.size() == 2)) {
    const auto [rest, problem] = std::from_chars(id.data() + 1, end, index);
    if (problem != std::errc() || rest != end) index = -1;
  }
  require(index >= 0 && index < static_cast<std::int64_t>(count),
          "simulator: {} '{}' is not of this world, which has {}0 to {}{}; evaluate with the world.yaml that "
          "lies "
          "beside the log",
          kind, id, prefix, prefix, static_cast<std::int64_t>(count) - 1);
  return index;
}

}  // namespace

World::World(SimulatorConfig config, PageSchema schema, std::uint64_t seed)
    : config_(std::move(config)), schema_(std::move(schema)), seed_(seed) {
  count_requests();
  const auto per_user = static_cast<std::int64_t>(config_.requests_per_user);
  train_users_ = (train_requests_ + per_user - 1) / per_user;
  const std::int64_t test_users = (config_.test_requests + per_user - 1) / per_user;
  items_ = make_items(config_, seed_);
  users_ = make_users(config_, seed_, train_users_ + test_users);
}

void World::count_requests() {
  std::int64_t pages = 0;
  while (pages < config_.pages) {
    pages += shown_twice(train_requests_) ? 2 : 1;
    ++train_requests_;
  }
}

bool World::shown_twice(std::int64_t index) const {
  CounterRandom random(seed_, RandomStream::users, kRepeatDraw, static_cast<std::uint64_t>(index));
  return random.uniform() < config_.logging.repeat_share;
}

std::int64_t World::item_index(const std::string& id) const {
  return index_of_id(id, 'i', items_.size(), "item");
}

std::int64_t World::user_index(const std::string& id) const {
  return index_of_id(id, 'u', users_.size(), "user");
}

Split World::split_of_user(std::int64_t user) const {
  if (user >= train_users_) return Split::test;
  CounterRandom random(seed_, RandomStream::users, kSplitDraw, static_cast<std::uint64_t>(user));
  return random.uniform() < config_.valid_share ? Split::valid : Split::train;
}

double World::match(std::int64_t user_number, std::int64_t item_number) const {
  const std::vector<double>& taste = user(user_number).taste;
  const std::vector<double>& latent = item(item_number).latent;
  double product = 0;
  for (std::size_t i = 0; i < taste.size(); ++i) product += taste[i] * latent[i];
  return std::sqrt(static_cast<double>(taste.size())) * product;
}

double World::interest(std::int64_t user_number, std::int64_t item_number) const {
  const ClickConfig& clicks = config_.clicks;
  const WorldItem& it = item(item_number);
  return clicks.bias + clicks.match * match(user_number, item_number) + clicks.quality * it.quality -
         clicks.price * user(user_number).price_sensitivity * it.log_price + (it.visible.ad ? clicks.ad : 0);
}

double World::purchase_logit(std::int64_t user_number, std::int64_t item_number) const {
  const PurchaseConfig& purchases = config_.purchases;
  const WorldItem& it = item(item_number);
  return purchases.bias + purchases.match * match(user_number, item_number) + purchases.quality * it.quality -
         purchases.price * user(user_number).price_sensitivity * it.log_price;
}

PageTruth World::truth(const Request& request, const Page& page) const {
  return RequestTruth(*this, request).page(page);
}

}  // namespace pagewright
