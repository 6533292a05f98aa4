#include "rewards/models/reward_card.hpp"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/table.hpp"
#include "rewards/feedback/debias/gain_assumptions.hpp"
#include "rewards/feedback/pair_report.hpp"

namespace pagewright {
namespace {

using CardJson = nlohmann::json;

constexpr std::int64_t kFewPairs = 100, kFewEvents = 50;
constexpr double kWeakAuc = 0.6, kBadCalibration = 0.05;

CardJson split_json(const SplitFeedback& split) {
  return {{"pages", split.pages},
          {"users", split.users},
          {"slots", split.slots},
          {"clicked_slots", split.clicked},
          {"purchased_slots", split.purchased}};
}

std::string gains_in_words(const GainWeights& weights) {
  if (weights.price_power == 0) return fmt::format("click {}, purchase {}", weights.click, weights.purchase);
  return fmt::format("click {}, purchase {} x (price / {:.0f} minor units)^{}", weights.click,
                     weights.purchase, weights.price_ref, weights.price_power);
}

CardJson data_json(const RewardCardData& data) {
  CardJson families = pair_report(data.held_out_pairs);
  for (int family = 0; family < kPairFamilies; ++family) {
    const auto i = static_cast<std::size_t>(family);
    CardJson& figures = families[std::string(pair_family_name(static_cast<PairFamily>(family)))];
    figures["held_out"] = figures["pairs"];
    figures.erase("pairs");
    figures["train"] = data.train_pairs ? CardJson(data.train_pairs->count[i]) : CardJson(nullptr);
  }
  return {{"log", data.log},
          {"train", split_json(data.train)},
          {"held_out", split_json(data.held_out)},
          {"gains", gains_in_words(data.weights)},
          {"estimator", gain_estimator_name(data.gains.estimator)},
          {"propensities", propensities_in_words(data.gains)},
          {"propensity_by_slot", data.propensities},
          {"pairs", families}};
}

/// Sentences on what is weak.
class Weaknesses {
 public:
  const std::vector<std::string>& sentences() const { return sentences_; }

  void of_data(const RewardCardData& data) {
    if (data.train.purchased == 0)
      add("no slot of the training pages was bought from, so that nothing is known of what sells");
    else if (data.train.purchased < kFewEvents)
      add("only {} slots of the training pages were bought from", data.train.purchased);
    for (std::string& sentence : gain_assumptions(data.gains)) sentences_.push_back(std::move(sentence));
    for (int family = 0; family < kPairFamilies; ++family)
      if (const std::string& why = data.held_out_pairs.empty_because[static_cast<std::size_t>(family)];
          !why.empty())
        add("no {} pairs: {}", pair_family_name(static_cast<PairFamily>(family)), why);
  }

  void of_order(const std::string& model, const std::string& what, const CardJson& figures) {
    const double accuracy = figures.at("accuracy");
    const std::int64_t pairs = figures.at("pairs");
    if (pairs == 0) return;
    const ShareInterval interval = wilson_interval(accuracy, pairs);
    if (interval.high < 0.5)
      add("{} orders {} worse than chance ({:.3f} of {})", model, what, accuracy, pairs);
    else if (interval.low <= 0.5)
      add("{} orders {} no better than chance ({:.3f} of {}, 95 % interval {:.3f} to {:.3f})", model, what,
          accuracy, pairs, interval.low, interval.high);
    else if (pairs < kFewPairs)
      add("{} was tried on {} {} only", model, pairs, what);
  }

  void of_events(const std::string& model, const std::string& what, const CardJson& figures) {
    const std::int64_t events = figures.at("events");
    const double rate = figures.at("rate"), auc = figures.at("auc"), error = figures.at("calibration_error");
    const double seen = rate * static_cast<double>(events);
    if (seen < kFewEvents)
      add("{}: {:.0f} held-out {}s say little of how it predicts them", model, seen, what);
    else if (auc < kWeakAuc)
      add("{} hardly tells what gets a {} from what does not (AUC {:.3f})", model, what, auc);
    if (error > kBadCalibration) add("{}: {} probabilities are off by {:.3f} on average", model, what, error);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    sentences_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  std::vector<std::string> sentences_;
};

void find_weaknesses(Weaknesses& weak, const CardJson& models) {
  for (const auto& [model, report] : models.items()) {
    if (report.contains("pairs"))
      for (const auto& [family, figures] : report.at("pairs").items())
        weak.of_order(model, family + " pairs", figures);
    if (report.contains("swaps")) weak.of_order(model, "swaps", report.at("swaps"));
    for (const char* event : {"click", "purchase", "cart"})
      if (report.contains(event)) weak.of_events(model, event, report.at(event));
  }
}

std::string order_row_share(const CardJson& figures) {
  const double accuracy = figures.at("accuracy");
  const ShareInterval interval = wilson_interval(accuracy, figures.at("pairs").get<std::int64_t>());
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", accuracy, interval.low, interval.high);
}

void add_model_rows(Table& table, const std::string& model, const CardJson& report) {
  const auto count = [](const CardJson& value) { return fmt::format("{}", value.get<std::int64_t>()); };
  if (report.contains("pairs"))
    for (const auto& [family, figures] : report.at("pairs").items())
      table.add_row({model, family + " pairs right", order_row_share(figures), count(figures.at("pairs"))});
  if (report.contains("swaps"))
    table.add_row(
        {model, "swaps right", order_row_share(report.at("swaps")), count(report.at("swaps").at("pairs"))});
  for (const std::string event : {"click", "purchase", "cart"}) {
    if (!report.contains(event)) continue;
    const CardJson& figures = report.at(event);
    if (report.contains("calibration") && report.at("calibration").contains(event))
      table.add_row(
          {model, event + " calibration error before calibration",
           fmt::format("{:.4f}",
                       report.at("calibration").at(event).at("before").at("calibration_error").get<double>()),
           count(figures.at("events"))});
    table.add_row({model, event + " AUC", fmt::format("{:.3f}", figures.at("auc").get<double>()),
                   count(figures.at("events"))});
    table.add_row({model, event + " rate, predicted and seen",
                   fmt::format("{:.4f}, {:.4f}", figures.at("mean_prediction").get<double>(),
                               figures.at("rate").get<double>()),
                   count(figures.at("events"))});
    table.add_row({model, event + " calibration error",
                   fmt::format("{:.4f}", figures.at("calibration_error").get<double>()),
                   count(figures.at("events"))});
  }
}

/// On random pages of a simulated log.
void add_truth_rows(Table& table, const std::string& model, const CardJson& truth) {
  const bool pages = truth.contains("pages");
  const std::string count = fmt::format("{}", truth.at(pages ? "pages" : "slots").get<std::int64_t>());
  table.add_row(
      {model,
       fmt::format("correlation with true {} on random pages, Pearson and Spearman",
                   pages ? "utility" : "attractiveness"),
       fmt::format("{:.3f}, {:.3f}", truth.at("pearson").get<double>(), truth.at("spearman").get<double>()),
       count});
  if (pages)
    table.add_row({model, "random pages of one request in the true order",
                   order_row_share(truth.at("same_request")),
                   fmt::format("{}", truth.at("same_request").at("pairs").get<std::int64_t>())});
  if (truth.contains("spread"))
    table.add_row({model, "deviation over the ensemble",
                   fmt::format("{:.4f}", truth.at("spread").get<double>()), count});
}

std::string pairs_markdown(const CardJson& families) {
  Table table({"pairs", "training", "held out", "hard", "unseen", "of two requests", "mean weight"});
  for (int family = 0; family < kPairFamilies; ++family) {
    const std::string name(pair_family_name(static_cast<PairFamily>(family)));
    const CardJson& figures = families.at(name);
    const auto count = [&](const char* key) {
      return figures.at(key).is_null() ? std::string("not made")
                                       : fmt::format("{}", figures.at(key).get<std::int64_t>());
    };
    table.add_row({name, count("train"), count("held_out"), count("hard"), count("unseen"), count("across"),
                   fmt::format("{:.3f}", figures.at("mean_weight").get<double>())});
  }
  return table.to_markdown();
}

std::string data_markdown(const CardJson& data) {
  Table table({"", "training", "held out"});
  const CardJson &train = data.at("train"), &held_out = data.at("held_out");
  for (const auto& [key, words] :
       {std::pair("pages", "pages"), std::pair("users", "users"), std::pair("slots", "slots"),
        std::pair("clicked_slots", "slots with a click"),
        std::pair("purchased_slots", "slots with a purchase")})
    table.add_row({words, fmt::format("{}", train.at(key).get<std::int64_t>()),
                   fmt::format("{}", held_out.at(key).get<std::int64_t>())});
  std::string text =
      fmt::format("Log: `{}`. Gains: {}. Item gains by the estimator {}. Position propensities: {}",
                  data.at("log").get<std::string>(), data.at("gains").get<std::string>(),
                  data.at("estimator").get<std::string>(), data.at("propensities").get<std::string>());
  std::string slots;
  for (const double propensity : data.at("propensity_by_slot").get<std::vector<double>>())
    slots += fmt::format("{}{:.2f}", slots.empty() ? "" : ", ", propensity);
  return text + (slots.empty() ? ".\n\n" : fmt::format(" ({}).\n\n", slots)) + table.to_markdown() + "\n" +
         pairs_markdown(data.at("pairs"));
}

}  // namespace

ShareInterval wilson_interval(double share, std::int64_t count) {
  if (count == 0) return {};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(count);
  const double middle = share + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {(middle - half) / scale, (middle + half) / scale};
}

SplitFeedback count_feedback(const FeedbackLog& log, std::span<const FeedbackPage> pages) {
  SplitFeedback counts;
  std::set<std::string> users;
  for (const FeedbackPage& page : pages) {
    ++counts.pages;
    counts.slots += std::ssize(page.clicked);
    for (const float clicked : page.clicked) counts.clicked += clicked > 0 ? 1 : 0;
    for (const float purchased : page.purchased) counts.purchased += purchased > 0 ? 1 : 0;
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    users.insert(request.user.empty() ? request.id : request.user);
  }
  counts.users = std::ssize(users);
  return counts;
}

nlohmann::json reward_card(const RewardCardData& data, const nlohmann::json& models) {
  Weaknesses weak;
  weak.of_data(data);
  find_weaknesses(weak, models);
  return {{"format", "pagewright-reward-card"},
          {"version", 1},
          {"data", data_json(data)},
          {"models", models},
          {"weaknesses", weak.sentences()}};
}

std::string reward_card_markdown(const nlohmann::json& card) {
  std::string text = "# Reward models\n\n## Fitted to\n\n" + data_markdown(card.at("data"));
  Table table({"model", "on held-out users", "value (95 % interval)", "count"});
  for (const auto& [model, report] : card.at("models").items()) {
    add_model_rows(table, model, report);
    if (report.contains("truth")) add_truth_rows(table, model, report.at("truth"));
  }
  text += "\n## How good they are\n\n" + table.to_markdown() + "\n## Known weaknesses\n\n";
  for (const auto& sentence : card.at("weaknesses")) text += "- " + sentence.get<std::string>() + "\n";
  if (card.at("weaknesses").empty()) text += "None was found by these figures.\n";
  return text;
}

}  // namespace pagewright
