#include "rewards/feedback/pair_report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/table.hpp"

namespace pagewright {
namespace {

struct FamilyRow {
  std::string name;
  std::int64_t pairs = 0, hard = 0, unseen = 0, across = 0, duplicates = 0, without = 0;
  double mean_weight = 0;
};

FamilyRow family_row(const PairSet& set, std::size_t f) {
  const auto family = static_cast<PairFamily>(f);
  const FamilyNotes& notes = set.notes[f];
  FamilyRow row;
  row.name = pair_family_name(family);
  row.pairs = set.count[f];
  if (family == PairFamily::relevance) row.hard = set.hard, row.unseen = set.unseen;
  if (family == PairFamily::natural) row.across = set.across;
  row.duplicates = notes.duplicates;
  for (const auto& [reason, pages] : notes.pages_without) row.without += pages;
  if (row.pairs > 0) row.mean_weight = notes.weight / static_cast<double>(row.pairs);
  return row;
}

std::string commonest_reason(const FamilyNotes& notes) {
  const auto most = std::max_element(notes.pages_without.begin(), notes.pages_without.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == notes.pages_without.end()) return "";
  return fmt::format("{} {}", most->second, most->first);
}

}  // namespace

std::string pair_table(const PairSet& set) {
  Table table({"family", "pairs", "hard", "unseen", "across", "dropped twins", "mean weight", "pages without",
               "most of these"});
  for (std::size_t f = 0; f < kPairFamilies; ++f) {
    const FamilyRow row = family_row(set, f);
    const auto count = [](std::int64_t value) { return fmt::format("{}", value); };
    table.add_row({row.name, count(row.pairs), count(row.hard), count(row.unseen), count(row.across),
                   count(row.duplicates), fmt::format("{:.3f}", row.mean_weight), count(row.without),
                   commonest_reason(set.notes[f])});
  }
  return table.to_string();
}

nlohmann::json pair_report(const PairSet& set) {
  nlohmann::json report = nlohmann::json::object();
  for (std::size_t f = 0; f < kPairFamilies; ++f) {
    const FamilyRow row = family_row(set, f);
    report[row.name] = {{"pairs", row.pairs},
                        {"hard", row.hard},
                        {"unseen", row.unseen},
                        {"across", row.across},
                        {"duplicates", row.duplicates},
                        {"mean_weight", row.mean_weight},
                        {"none_because", set.empty_because[f]},
                        {"pages_without", set.notes[f].pages_without}};
  }
  return report;
}

}  // namespace pagewright
