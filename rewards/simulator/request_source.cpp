#include "rewards/simulator/request_source.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"

namespace pagewright {
namespace {

/// Key ("iteration") of the random numbers of a request.
constexpr std::uint64_t kRequestDraw = 3;
constexpr std::int64_t kFirstTimestamp = 1'700'000'000;
constexpr std::int64_t kSecondsPerRequest = 40;

/// Draws one request. Items come from the part of the catalogue that serves the user's split.
class RequestMaker {
 public:
  RequestMaker(const World& world, std::int64_t index)
      : world_(world),
        index_(index),
        user_(user_of_request(world, index)),
        random_(world.seed(), RandomStream::users, kRequestDraw, static_cast<std::uint64_t>(index)) {
    const bool test = world.split_of_user(user_) == Split::test;
    const CatalogueConfig& catalogue = world.config().catalogue;
    first_item_ = test ? catalogue.train_items : 0;
    item_count_ = test ? catalogue.test_items : catalogue.train_items;
  }

  Request make() {
    Request request;
    request.id = fmt::format("r{}", index_);
    request.user = fmt::format("u{}", user_);
    request.timestamp = kFirstTimestamp + kSecondsPerRequest * index_;
    request.context["device"] = random_.uniform() < world_.config().taste.mobile_share ? "mobile" : "desktop";
    draw_history(request);
    for (const std::int64_t item : draw_candidates(request))
      request.candidates.push_back(world_.item(item).visible);
    return request;
  }

 private:
  std::int64_t random_item() {
    return first_item_ + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(item_count_)));
  }

  /// Among 20 random items the one that the user wants most, up to noise.
  std::int64_t wanted_item() {
    constexpr int kSeen = 20;
    const double temperature = world_.config().taste.history_temperature;
    std::pair<double, std::int64_t> best{0, -1};
    for (int i = 0; i < kSeen; ++i) {
      const std::int64_t item = random_item();
      const double wish = world_.interest(user_, item) / temperature + random_.gumbel();
      if (best.second < 0 || wish > best.first) best = {wish, item};
    }
    return best.second;
  }

  ActionKind action_kind() {
    const double draw = random_.uniform();
    if (draw < 0.15) return ActionKind::purchase;
    if (draw < 0.25) return ActionKind::cart;
    return draw < 0.75 ? ActionKind::click : ActionKind::view;
  }

  void draw_history(Request& request) {
    const TasteConfig& taste = world_.config().taste;
    while (static_cast<int>(history_.size()) < taste.history) {
      const std::int64_t item = random_.uniform() < taste.history_noise ? random_item() : wanted_item();
      if (std::find(history_.begin(), history_.end(), item) != history_.end()) continue;
      const auto ago = static_cast<std::int64_t>(taste.history) - static_cast<std::int64_t>(history_.size());
      history_.push_back(item);
      request.history.push_back({action_kind(), request.timestamp - 300 * ago, world_.item(item).visible});
    }
  }

  std::vector<std::int64_t> draw_candidates(const Request& request) {
    const CandidateConfig& config = world_.config().candidates;
    std::vector<std::int64_t> chosen = retrieved_items();
    if (!history_.empty() && random_.uniform() < config.touched_share)
      add(chosen, world_.item_index(request.history[random_.below(request.history.size())].item.id));
    add_variants(chosen);
    while (static_cast<int>(chosen.size()) < config.count) add(chosen, random_item());
    chosen.resize(static_cast<std::size_t>(config.count));
    random_.shuffle(std::span<std::int64_t>(chosen));
    return chosen;
  }

  /// The best matches of a random pool, as a noisy retrieval finds them.
  std::vector<std::int64_t> retrieved_items() {
    const CandidateConfig& config = world_.config().candidates;
    std::vector<std::pair<double, std::int64_t>> pool;
    std::vector<std::int64_t> drawn;
    while (static_cast<int>(drawn.size()) < std::min(config.retrieval_pool, item_count_))
      add(drawn, random_item());
    for (const std::int64_t item : drawn)
      pool.emplace_back(-world_.match(user_, item) - config.retrieval_noise * random_.normal(), item);
    std::sort(pool.begin(), pool.end());
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < pool.size() && static_cast<int>(i) < config.relevant; ++i)
      found.push_back(pool[i].second);
    return found;
  }

  /// Adds other variants of candidates that are there.
  void add_variants(std::vector<std::int64_t>& chosen) {
    const std::size_t before = chosen.size();
    for (int i = 0; i < world_.config().candidates.near_duplicates && before > 0; ++i) {
      const std::int64_t original = chosen[random_.below(before)];
      const int variants = world_.config().catalogue.variants;
      for (std::int64_t other = original - variants + 1; other < original + variants; ++other) {
        const bool same_part = other >= first_item_ && other < first_item_ + item_count_;
        if (same_part && other != original && world_.item(other).product == world_.item(original).product) {
          add(chosen, other);
          break;
        }
      }
    }
  }

  static void add(std::vector<std::int64_t>& items, std::int64_t item) {
    if (std::find(items.begin(), items.end(), item) == items.end()) items.push_back(item);
  }

  const World& world_;
  std::int64_t index_;
  std::int64_t user_;
  CounterRandom random_;
  std::int64_t first_item_ = 0;
  int item_count_ = 0;
  std::vector<std::int64_t> history_;
};

}  // namespace

std::int64_t user_of_request(const World& world, std::int64_t index) {
  const auto per_user = static_cast<std::int64_t>(world.config().requests_per_user);
  const std::int64_t test_index = index - world.train_requests();
  return test_index < 0 ? index / per_user : world.train_users() + test_index / per_user;
}

Request make_request(const World& world, std::int64_t index) {
  require(index >= 0 && index < world.requests(), "simulator: request {} of a world with {} requests", index,
          world.requests());
  return RequestMaker(world, index).make();
}

}  // namespace pagewright
