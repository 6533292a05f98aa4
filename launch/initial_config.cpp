#include "launch/initial_config.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kLargestHash = 4096;
constexpr std::int64_t kMostHistory = 8;

std::string quoted_yaml(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

/// Table size for so many values: a power of two, twice as many or a little more, so that few collide.
std::int64_t hash_size(std::int64_t values) {
  std::int64_t size = 8;
  while (size < 2 * values && size < kLargestHash) size *= 2;
  return size;
}

/// Rounds outwards or inwards to two digits, so that the number reads well.
double two_digits(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(std::fabs(value))) - 1);
  return std::round(value / unit) * unit;
}

/// A bucket field over the middle 98 % of a number; empty if that is a single point.
std::string bucket_field(const std::string& source, const Spread& spread, int buckets, bool may_be_log) {
  double low = two_digits(spread.low), high = two_digits(spread.high);
  const bool log = may_be_log && high > 0 && high > 10 * std::max(low, 1.0);
  if (log) low = std::max(low, 1.0);
  if (spread.count == 0 || !(low < high)) return "";
  return fmt::format("{{{}|bucket:{}{}:{:.6g}:{:.6g}}}", source, buckets, log ? ":log" : "", low, high);
}

bool plain_field_name(const std::string& name) {
  return name.find_first_of("{}|:\"\\\n") == std::string::npos;
}

/// Fields of an item that say something: more than one value, or a range.
std::vector<std::string> item_fields(const LogSummary& summary) {
  std::vector<std::string> fields;
  for (const char* name : {"category", "brand", "seller"}) {
    const auto found = summary.distinct.find(name);
    if (found != summary.distinct.end() && found->second > 1)
      fields.push_back(fmt::format("{{{}|hash:{}}}", name, hash_size(found->second)));
  }
  if (!summary.prices.empty()) {
    const auto widest =
        std::max_element(summary.prices.begin(), summary.prices.end(),
                         [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
    if (auto field = bucket_field("price", widest->second, 16, true); !field.empty()) fields.push_back(field);
  }
  return fields;
}

std::vector<std::string> candidate_fields(const LogSummary& summary) {
  auto fields = item_fields(summary);
  if (!summary.prices.empty()) fields.push_back("{price_rank|bucket:8:0:1}");
  for (const auto& [name, spread] : summary.features)
    if (plain_field_name(name))
      if (auto field = bucket_field("features." + name, spread, 12, false); !field.empty())
        fields.push_back(field);
  if (summary.ads > 0 && summary.ads < summary.candidates) fields.push_back("{ad|bucket:2:0:2}");
  if (summary.history_actions > 0) fields.push_back("{last_touched|bucket:4:0:4}");
  if (fields.empty()) fields.push_back(fmt::format("{{id|hash:{}}}", hash_size(summary.distinct.at("id"))));
  return fields;
}

/// Context keys with a handful of values; identifiers, such as a session, are left out.
std::vector<std::string> context_fields(const LogSummary& summary) {
  std::vector<std::string> fields;
  for (const auto& [name, values] : summary.context)
    if (values > 1 && 5 * values < summary.requests && name != "session" && plain_field_name(name))
      fields.push_back(fmt::format("{{context.{}|hash:{}}}", name, hash_size(values)));
  if (summary.queries > 0) fields.push_back("{query|hash:4096}");
  return fields;
}

std::string yaml_list(const std::vector<std::string>& texts, const std::string& indent) {
  std::string out = "[";
  for (std::size_t i = 0; i < texts.size(); ++i)
    out += (i == 0 ? "" : ",\n" + indent) + quoted_yaml(texts[i]);
  return out + "]";
}

std::string layout_of(const std::string& name) {
  for (const char* layout : {"carousel", "grid", "ad_strip"})
    if (name.find(layout) != std::string::npos) return layout;
  return "list";
}

std::string schema_yaml(const LogSummary& summary) {
  std::string out =
      "# Sections and slot ranges as seen in the log. Constraints to think about: max_ads, min_ad_gap, "
      "max_per_brand,\n"
      "# max_per_category, max_per_seller, price_bands, pinned, slot_rules (docs/page-language.md).\n"
      "schema:\n  section_types:\n";
  int most = 0;
  for (const auto& name : summary.section_order) {
    const auto& section = summary.sections.at(name);
    require(section.max_slots > 0, "section '{}' of the log never has a slot; leave it out of the log", name);
    out += fmt::format("    {}: {{layout: {}, min_slots: {}, max_slots: {}}}\n", quoted_yaml(name),
                       layout_of(name), std::max(section.min_slots, 1), section.max_slots);
    most = std::max(most, section.most_on_a_page);
  }
  if (summary.layouts.size() == 1) {
    out += fmt::format("  section_order: {}\n", yaml_list(summary.layouts.begin()->first, "    "));
  } else {
    std::size_t fewest_sections = SIZE_MAX, most_sections = 0;
    for (const auto& [names, pages] : summary.layouts) {
      fewest_sections = std::min(fewest_sections, names.size());
      most_sections = std::max(most_sections, names.size());
    }
    out += fmt::format("  min_sections: {}\n  max_sections: {}\n  repeat_sections: {}\n", fewest_sections,
                       most_sections, most > 1);
  }
  return out + fmt::format("  max_candidates: {}\n", static_cast<int>(summary.candidates_of_request.max));
}

std::string prompt_yaml(const LogSummary& summary) {
  std::string out =
      "# What the model reads. hash:N gives N tokens to the values of a text, bucket:N:LOW:HIGH gives N to a "
      "number; ranges\n"
      "# are the middle 98 % of the log. Titles need a tokenizer and are left out.\nprompt:\n";
  if (const auto fields = context_fields(summary); !fields.empty())
    out += fmt::format("  context: {}\n", yaml_list(fields, "            "));
  const auto last = std::min(static_cast<std::int64_t>(summary.history_of_request.high), kMostHistory);
  if (last > 0) {
    auto fields = item_fields(summary);
    fields.insert(fields.begin(), "{action|bucket:4:0:4}");
    if (summary.timed_history_actions > 0) fields.push_back("{age|bucket:8}");
    out += fmt::format("  history:\n    last: {}\n    fused: {}\n", last, yaml_list(fields, "            "));
  }
  return out +
         fmt::format("  candidate:\n    fused: {}\n", yaml_list(candidate_fields(summary), "            "));
}

std::string training_yaml(const LogSummary& summary) {
  const bool large = summary.pages > 200000;
  const int batch = summary.pages < 2000 ? 16 : 64;
  const bool priced = !summary.prices.empty() && summary.events[3] > 0;
  std::string out = large ? "model: {dim: 128, layers: 3, heads: 4, kv_heads: 4, ffn_dim: 256}\n\n"
                          : "model: {dim: 64, layers: 2, heads: 4, kv_heads: 4, ffn_dim: 128}\n\n";
  out += fmt::format(
      "# Imitation of the log, the policy that reinforcement learning starts from.\n"
      "warmup:\n  epochs: 3\n  batch: {0}\n  optimizer: {{learning_rate: 1.0e-3}}\n\n"
      "# What feedback is worth: a click 1, a purchase 5{1}.\n"
      "# propensities: none takes clicks as they are; see docs/configuration.md for position debiasing.\n"
      "rewards:\n  gains: {{click: 1, purchase: 5, price_power: {2}, propensities: none}}\n"
      "  page:\n    fit: {{epochs: 3, batch: {0}, optimizer: {{learning_rate: 1.0e-3}}}}\n"
      "  item:\n    fit: {{epochs: 3, batch: {0}, optimizer: {{learning_rate: 1.0e-3}}}}\n\n",
      batch, priced ? " times price over the mean purchased price" : "", priced ? 1 : 0);
  out +=
      "ppo:\n  iterations: 40\n  requests: 64\n  samples: 4\n  epochs: 2\n  mini_batches: 2\n"
      "  kl_coefficient: 0.2\n  optimizer: {learning_rate: 1.5e-4, warmup_steps: 20}\n\n"
      "# What `train` makes, each from the same warm-up: alpha is the weight of the page reward, the rest "
      "goes to the items.\n"
      "policies:\n  - {name: page_only, alpha: 1}\n  - {name: item_only, alpha: 0}\n  - {name: both, alpha: "
      "0.5}\n";
  return out;
}

}  // namespace

std::string initial_config(const LogSummary& summary, const InitialPaths& paths) {
  require(summary.pages_with_feedback > 0,
          "the log has no page with feedback; there is nothing to learn from");
  require(summary.requests_of_split[0] > 0,
          "the log has no request for training; import it with another split");
  std::string out = fmt::format(
      "# Made by `pagewright init` from a log of {} pages ({} with feedback) by {} users. Every key is "
      "explained in\n"
      "# docs/configuration.md. Next, each with this file: pagewright sft, sft --imitation, fit-reward, "
      "train,\n"
      "# evaluate, report.\n"
      "run: {}\nlog: {}\nseed: 1\n\n",
      summary.pages, summary.pages_with_feedback, summary.users, quoted_yaml(paths.run),
      quoted_yaml(paths.log));
  out += schema_yaml(summary) + "\n";
  out += "# `shuffled` hides the logged rank from the model; with `logged` the result is a re-ranker.\n";
  out += "candidate_order: shuffled\n\n";
  return out + prompt_yaml(summary) + "\n" + training_yaml(summary);
}

}  // namespace pagewright
