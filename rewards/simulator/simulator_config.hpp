#pragma once
// Every knob of the simulated shop. Logits are natural; "per spread" means per standard deviation of the item
// attribute.

#include <cstdint>
#include <string>

namespace pagewright {

class Section;

/// The items on sale.
struct CatalogueConfig {
  int train_items = 3000;
  int test_items = 1500;
  int variants = 2;
  int categories = 8;
  int brands = 16;
  int sellers = 20;
  double ad_share = 0.05;
  std::int64_t price_level = 4000;
  double price_spread = 0.55;
  double quality_noise = 0.4;
  static CatalogueConfig from(Section section);
};

/// What users want and how much of it shows in their history.
struct TasteConfig {
  int dims = 8;
  double category = 0.85;
  double brand = 0.4;
  double own = 0.2;
  int favourite_categories = 2;
  int favourite_brands = 2;
  double user_brand = 0.5;
  double user_own = 0.15;
  double price_sensitivity_spread = 0.8;
  int history = 4;
  double history_noise = 0.1;
  double history_temperature = 0.3;
  double mobile_share = 0.6;
  static TasteConfig from(Section section);
};

/// How the candidates of a request come about.
struct CandidateConfig {
  int count = 20;
  int relevant = 10;
  int retrieval_pool = 60;
  double retrieval_noise = 0.7;
  int near_duplicates = 2;
  double touched_share = 0.5;
  static CandidateConfig from(Section section);
};

/// Probability that a slot is looked at, as a product of factors.
struct ExaminationConfig {
  double section = 0.75;
  double carousel = 0.88;
  double grid_row = 0.82;
  double grid_column = 0.95;
  double list = 0.85;
  double mobile = 1.25;
  static ExaminationConfig from(Section section);
};

/// Logit of a click on an examined slot, and what the log gets wrong about it.
struct ClickConfig {
  double bias = -2.6;
  double match = 1.0;
  double quality = 0.75;
  double price = 0.35;
  double ad = -0.4;
  double new_category = 0.3;
  double same_category = 0.18;
  double same_brand = 0.06;
  double near_duplicate = 0.8;
  double bought = 1.5;
  double random_clicks = 0.005;
  double missed_clicks = 0.03;
  static ClickConfig from(Section section);
};

/// Logit of a purchase after a click.
struct PurchaseConfig {
  double bias = -1.8;
  double match = 0.3;
  double quality = 0.5;
  double price = 0.5;
  static PurchaseConfig from(Section section);
};

/// The policy that composed the logged pages.
struct LoggingConfig {
  double match = 1.0;
  double match_noise = 0.4;
  double quality = 0.15;
  double temperature = 0.9;
  double uniform_share = 0.08;
  double repeat_share = 0.3;
  static LoggingConfig from(Section section);
};

struct SimulatorConfig {
  std::int64_t pages = 12000;
  std::int64_t test_requests = 4000;
  int requests_per_user = 3;
  double valid_share = 0.1;
  CatalogueConfig catalogue;
  TasteConfig taste;
  CandidateConfig candidates;
  ExaminationConfig examination;
  ClickConfig clicks;
  PurchaseConfig purchases;
  LoggingConfig logging;

  /// Reads and documents every key; problems are collected in the section's errors.
  static SimulatorConfig from(Section section);
};

}  // namespace pagewright
