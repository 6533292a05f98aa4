#include <ctime>

#include "core/base/error.hpp"
#include "core/base/table.hpp"
#include "core/data/log_summary.hpp"
#include "core/data/split_rule.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kShownSlots = 30;

std::string percent_text(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "-"
                    : fmt::format("{:.2f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::vector<std::string> rates_cells(const SlotRates& rates) {
  return {fmt::format("{}", rates.shown), percent_text(rates.clicked, rates.shown),
          percent_text(rates.carted, rates.shown), percent_text(rates.purchased, rates.shown),
          rates.shown == 0 ? "-" : fmt::format("{:.2f}", rates.revenue / static_cast<double>(rates.shown))};
}

void add_rates_row(Table& table, std::vector<std::string> first, const SlotRates& rates) {
  for (auto& cell : rates_cells(rates)) first.push_back(std::move(cell));
  table.add_row(std::move(first));
}

std::string counts_table(const LogSummary& s) {
  Table table({"what", "count", "train", "valid", "test"});
  const auto of_split = [](const std::array<std::int64_t, 3>& counts) {
    return std::vector<std::string>{fmt::format("{}", counts[0]), fmt::format("{}", counts[1]),
                                    fmt::format("{}", counts[2])};
  };
  const auto add = [&](const char* name, std::int64_t count, std::vector<std::string> splits) {
    splits.insert(splits.begin(), {name, fmt::format("{}", count)});
    table.add_row(std::move(splits));
  };
  add("requests", s.requests, of_split(s.requests_of_split));
  add("users", s.users, of_split(s.users_of_split));
  const std::vector<std::string> none{"", "", ""};
  add("pages, first views", s.pages, none);
  add("pages with feedback", s.pages_with_feedback, none);
  add("revisits", s.revisits, none);
  add("requests shown again", s.requests_shown_again, none);
  constexpr std::array<const char*, kEventKinds> kKinds = {"impressions", "clicks",     "carts",
                                                           "purchases",   "dismissals", "returns"};
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind)
    if (kind < 4 || s.events[kind] > 0) add(kKinds[kind], s.events[kind], none);
  return table.to_string();
}

std::string sections_table(const LogSummary& s) {
  Table table(
      {"section", "pages", "slots", "shown", "clicked %", "carted %", "purchased %", "revenue a slot"});
  for (const auto& name : s.section_order) {
    const auto& section = s.sections.at(name);
    const auto range = section.min_slots == section.max_slots
                           ? fmt::format("{}", section.min_slots)
                           : fmt::format("{} to {}", section.min_slots, section.max_slots);
    add_rates_row(table, {name, fmt::format("{}", section.pages), range}, section.rates);
  }
  return table.to_string();
}

std::string slots_table(const LogSummary& s) {
  Table table({"slot", "shown", "clicked %", "carted %", "purchased %", "revenue a slot"});
  for (std::size_t slot = 0; slot < s.slots.size() && slot < kShownSlots; ++slot)
    add_rates_row(table, {fmt::format("{}", slot + 1)}, s.slots[slot]);
  return table.to_string();
}

void add_spread_row(Table& table, const std::string& name, const Spread& spread) {
  table.add_row({name, fmt::format("{}", spread.count), fmt::format("{:.6g}", spread.min),
                 fmt::format("{:.6g}", spread.low), fmt::format("{:.6g}", spread.median),
                 fmt::format("{:.6g}", spread.high), fmt::format("{:.6g}", spread.max)});
}

std::string spreads_table(const LogSummary& s) {
  Table table({"number", "count", "min", "1 %", "median", "99 %", "max"});
  add_spread_row(table, "candidates a request", s.candidates_of_request);
  add_spread_row(table, "slots a page", s.slots_of_page);
  add_spread_row(table, "history a request", s.history_of_request);
  for (const auto& [currency, spread] : s.prices)
    add_spread_row(
        table, fmt::format("price, minor units of {}", currency.empty() ? "no currency" : currency), spread);
  const char* kinds[] = {"", "page propensity", "slot propensity given prefix", "slot propensity, marginal"};
  for (std::size_t kind = 1; kind < 4; ++kind)
    if (s.propensities[kind].count > 0) add_spread_row(table, kinds[kind], s.propensities[kind]);
  for (const auto& [name, spread] : s.features) add_spread_row(table, "feature " + name, spread);
  return table.to_string();
}

std::string values_table(const LogSummary& s) {
  Table table({"field", "distinct values"});
  for (const auto& [name, count] : s.distinct) table.add_row({"item " + name, fmt::format("{}", count)});
  for (const auto& [name, count] : s.context) table.add_row({"context " + name, fmt::format("{}", count)});
  return table.to_string();
}

std::string policies_table(const LogSummary& s) {
  Table table({"policy", "pages"});
  for (const auto& [name, count] : s.policies)
    table.add_row({name.empty() ? "(none)" : name, fmt::format("{}", count)});
  return table.to_string();
}

}  // namespace

std::string time_text(std::int64_t seconds) {
  if (seconds == 0) return "unknown";
  const std::time_t time = seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return "unknown";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string LogSummary::text() const {
  std::string out;
  for (const auto& source : sources) out += fmt::format("source: {}\n", source);
  for (const auto& rule : split_rules) out += fmt::format("split:  {}\n", rule);
  out +=
      fmt::format("parts:  {}\ntimes:  {} to {} UTC\n", parts, time_text(first_time), time_text(last_time));
  for (const auto& gap : gaps)
    out += fmt::format("gap:    no page between {} and {} UTC\n", time_text(gap.from), time_text(gap.to));
  out += "\n" + counts_table(*this) + "\n" + policies_table(*this) + "\n" + sections_table(*this) + "\n" +
         slots_table(*this);
  if (slots.size() > kShownSlots) out += fmt::format("... and {} slots more\n", slots.size() - kShownSlots);
  out += "\n" + spreads_table(*this) + "\n" + values_table(*this);
  if (candidates_without_price > 0)
    out += fmt::format("\n{} of {} candidates have no price.\n", candidates_without_price, candidates);
  if (ads > 0) out += fmt::format("\n{} of {} candidates are ads.\n", ads, candidates);
  out += suspicions.empty() ? "\nNothing looks wrong.\n" : "\nWhat looks wrong:\n";
  for (const auto& sentence : suspicions) out += "  - " + sentence + "\n";
  return out;
}

}  // namespace pagewright
