#pragma once
// What a feedback log holds, in numbers, and what looks wrong with it, in words.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/data/log_file.hpp"

namespace pagewright {

/// Feedback over some slots; a slot that was clicked twice counts once.
struct SlotRates {
  std::int64_t shown = 0;
  std::int64_t clicked = 0;
  std::int64_t carted = 0;
  std::int64_t purchased = 0;
  double revenue = 0;  ///< minor units
};

struct SectionSummary {
  std::int64_t pages = 0;  ///< sections of this name
  int min_slots = 0;
  int max_slots = 0;
  int min_places = 0;  ///< smallest and largest ordinal on a page
  int max_places = 0;
  int most_on_a_page = 0;
  SlotRates rates;
};

/// Smallest value, quantiles and largest value of some numbers.
struct Spread {
  std::int64_t count = 0;
  double min = 0, low = 0, median = 0, high = 0, max = 0;  ///< low and high: 1 % and 99 %
};

struct TimeGap {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// Rates, sections and slots count first views only: the feedback of a revisit is also in its first view.
struct LogSummary {
  std::vector<std::string> sources;      ///< of the parts, each once
  std::vector<std::string> split_rules;  ///< of the parts, each once
  std::int64_t parts = 0;
  std::int64_t requests = 0;
  std::int64_t pages = 0;  ///< first views
  std::int64_t revisits = 0;
  std::int64_t users = 0;
  std::int64_t pages_with_feedback = 0;
  std::int64_t requests_shown_again = 0;  ///< requests with more than one first view
  std::array<std::int64_t, 3> requests_of_split{};
  std::array<std::int64_t, 3> users_of_split{};
  std::array<std::int64_t, kEventKinds> events{};  ///< by EventKind
  std::map<std::string, std::int64_t> policies;    ///< first views by policy id
  std::map<std::string, SectionSummary> sections;
  std::vector<std::string> section_order;  ///< names in the order in which they first appear
  std::map<std::vector<std::string>, std::int64_t>
      layouts;                           ///< first views by the sequence of their section names
  std::vector<SlotRates> slots;          ///< by place in page order
  std::map<std::string, Spread> prices;  ///< of candidates, by currency, minor units
  std::int64_t candidates = 0;
  std::int64_t candidates_without_price = 0;
  std::int64_t ads = 0;
  std::array<Spread, 4> propensities;  ///< by PropensityKind: page, slot given prefix, slot marginal
  Spread candidates_of_request;
  Spread slots_of_page;
  Spread history_of_request;
  std::map<std::string, std::int64_t>
      distinct;  ///< values of item id, title, category, brand, seller, not counting empty
  std::map<std::string, std::int64_t> context;  ///< distinct values of every context key
  std::map<std::string, Spread> features;
  std::int64_t queries = 0;  ///< requests with a query
  std::int64_t history_actions = 0;
  std::int64_t timed_history_actions = 0;
  std::int64_t first_time = 0;  ///< of pages, 0 if no page has a time
  std::int64_t last_time = 0;
  std::vector<TimeGap> gaps;  ///< the longest, if far longer than usual; longest first
  std::vector<std::string> suspicions;

  /// Aligned tables for people.
  std::string text() const;
};

/// Reads the whole log, part by part.
LogSummary summarise_log(const std::filesystem::path& folder);

/// "2026-11-23 14:05:00" (UTC), or "unknown" for 0.
std::string time_text(std::int64_t seconds);

}  // namespace pagewright
