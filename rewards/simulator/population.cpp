#include "rewards/simulator/population.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/rng.hpp"
#include "rewards/simulator/names.hpp"

namespace pagewright {
namespace {

// First key ("iteration") of the random numbers of each kind of inhabitant.
enum class Inhabitant : std::uint64_t { category, brand, product, item, user };

CounterRandom population_random(std::uint64_t seed, Inhabitant kind, std::int64_t number) {
  return CounterRandom(seed, RandomStream::world, static_cast<std::uint64_t>(kind),
                       static_cast<std::uint64_t>(number));
}

std::vector<double> normal_vector(CounterRandom& random, int dims) {
  std::vector<double> vector(static_cast<std::size_t>(dims));
  for (double& value : vector) value = random.normal();
  return vector;
}

void scale_to_length_one(std::vector<double>& vector) {
  double square = 0;
  for (double value : vector) square += value * value;
  const double length = std::sqrt(std::max(square, 1e-12));
  for (double& value : vector) value /= length;
}

void add_scaled(std::vector<double>& sum, double weight, const std::vector<double>& vector) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * vector[i];
}

/// What items of one category or one brand have in common.
struct Group {
  std::vector<double> latent;  ///< [dims], length 1
  double price = 0;            ///< standard normal
  double quality = 0;          ///< standard normal
};

Group make_group(const SimulatorConfig& config, std::uint64_t seed, Inhabitant kind, int number) {
  CounterRandom random = population_random(seed, kind, number);
  Group group;
  group.price = random.normal();
  group.quality = random.normal();
  group.latent = normal_vector(random, config.taste.dims);
  scale_to_length_one(group.latent);
  return group;
}

std::vector<Group> make_groups(const SimulatorConfig& config, std::uint64_t seed, Inhabitant kind,
                               int count) {
  std::vector<Group> groups;
  for (int i = 0; i < count; ++i) groups.push_back(make_group(config, seed, kind, i));
  return groups;
}

class ItemMaker {
 public:
  ItemMaker(const SimulatorConfig& config, std::uint64_t seed)
      : config_(config),
        seed_(seed),
        categories_(make_groups(config, seed, Inhabitant::category, config.catalogue.categories)),
        brands_(make_groups(config, seed, Inhabitant::brand, config.catalogue.brands)) {}

  WorldItem make(int index, int product, int variant) const {
    const CatalogueConfig& catalogue = config_.catalogue;
    CounterRandom product_random = population_random(seed_, Inhabitant::product, product);
    CounterRandom item_random = population_random(seed_, Inhabitant::item, index);
    const auto category = static_cast<int>(product_random.below(categories_.size()));
    const auto brand = static_cast<int>(product_random.below(brands_.size()));
    const Group& of_category = categories_[static_cast<std::size_t>(category)];
    const Group& of_brand = brands_[static_cast<std::size_t>(brand)];

    WorldItem item;
    item.product = product;
    item.quality = std::sqrt(0.25) * of_brand.quality + std::sqrt(0.7) * product_random.normal() +
                   std::sqrt(0.05) * item_random.normal();
    const double price_deviation = std::sqrt(0.3) * of_category.price + std::sqrt(0.2) * of_brand.price +
                                   std::sqrt(0.49) * product_random.normal() +
                                   std::sqrt(0.01) * item_random.normal();
    item.visible.price =
        std::max<std::int64_t>(1, std::llround(static_cast<double>(catalogue.price_level) *
                                               std::exp(catalogue.price_spread * price_deviation)));
    item.log_price =
        std::log(static_cast<double>(*item.visible.price) / static_cast<double>(catalogue.price_level)) /
        catalogue.price_spread;
    item.latent = latent_of(of_category, of_brand, product_random);

    item.visible.id = fmt::format("i{}", index);
    item.visible.title = item_title(category, brand, product, variant);
    item.visible.currency = "EUR";
    item.visible.category = category_name(category);
    item.visible.brand = brand_name(brand);
    item.visible.seller =
        fmt::format("seller {}", product_random.below(static_cast<std::uint64_t>(catalogue.sellers)) + 1);
    item.visible.ad = product_random.uniform() < catalogue.ad_share;
    const double observed = item.quality + catalogue.quality_noise * item_random.normal();
    item.visible.features["quality"] = std::round(observed * 100) / 100;
    return item;
  }

 private:
  std::vector<double> latent_of(const Group& category, const Group& brand, CounterRandom& random) const {
    const TasteConfig& taste = config_.taste;
    std::vector<double> own = normal_vector(random, taste.dims);
    scale_to_length_one(own);
    std::vector<double> latent(static_cast<std::size_t>(taste.dims), 0.0);
    add_scaled(latent, taste.category, category.latent);
    add_scaled(latent, taste.brand, brand.latent);
    add_scaled(latent, taste.own, own);
    scale_to_length_one(latent);
    return latent;
  }

  const SimulatorConfig& config_;
  std::uint64_t seed_;
  std::vector<Group> categories_;
  std::vector<Group> brands_;
};

}  // namespace

std::vector<WorldItem> make_items(const SimulatorConfig& config, std::uint64_t seed) {
  const CatalogueConfig& catalogue = config.catalogue;
  const ItemMaker maker(config, seed);
  std::vector<WorldItem> items;
  items.reserve(static_cast<std::size_t>(catalogue.train_items) +
                static_cast<std::size_t>(catalogue.test_items));
  int product = 0;
  for (const int part : {catalogue.train_items, catalogue.test_items}) {
    for (int i = 0; i < part; ++i) {
      const int variant = i % catalogue.variants;
      if (variant == 0) ++product;
      items.push_back(maker.make(static_cast<int>(items.size()), product, variant));
    }
  }
  return items;
}

std::vector<WorldUser> make_users(const SimulatorConfig& config, std::uint64_t seed, std::int64_t count) {
  const TasteConfig& taste = config.taste;
  const auto categories = make_groups(config, seed, Inhabitant::category, config.catalogue.categories);
  const auto brands = make_groups(config, seed, Inhabitant::brand, config.catalogue.brands);
  std::vector<WorldUser> users;
  users.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    CounterRandom random = population_random(seed, Inhabitant::user, i);
    WorldUser user;
    user.price_sensitivity = 1 + taste.price_sensitivity_spread * (2 * random.uniform() - 1);
    user.taste.assign(static_cast<std::size_t>(taste.dims), 0.0);
    for (int favourite = 0; favourite < taste.favourite_categories; ++favourite)
      add_scaled(user.taste, 1.0 / (1 + favourite), categories[random.below(categories.size())].latent);
    for (int favourite = 0; favourite < taste.favourite_brands; ++favourite)
      add_scaled(user.taste, taste.user_brand, brands[random.below(brands.size())].latent);
    std::vector<double> own = normal_vector(random, taste.dims);
    scale_to_length_one(own);
    add_scaled(user.taste, taste.user_own, own);
    scale_to_length_one(user.taste);
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace pagewright
