#include "rewards/clicks/click_log.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "rewards/clicks/candidate_signals.hpp"

namespace pagewright {
namespace {

/// Numbers of names, in the order in which they came.
class NameIndex {
 public:
  int of(const std::string& name) {
    const auto [found, added] = index_.try_emplace(name, static_cast<int>(index_.size()));
    if (added) names_.push_back(name);
    return found->second;
  }
  std::vector<std::string> take_names() { return std::move(names_); }

 private:
  std::map<std::string, int> index_;
  std::vector<std::string> names_;
};

constexpr std::string_view kFreeFeature = "features.";

/// Names of the free features of candidates of training requests.
std::vector<std::string> free_features(const FeedbackLog& log) {
  std::set<std::string> names;
  for (const LoggedRequest& logged : log.requests)
    if (logged.split == Split::train)
      for (const Item& item : logged.request.candidates)
        for (const auto& [name, value] : item.features) names.insert(name);
  return {names.begin(), names.end()};
}

/// Turns pages into sessions.
class ClickLogBuilder {
 public:
  ClickLogBuilder(const FeedbackLog& log, const PageSchema& schema, const ClickView& view)
      : schema_(schema), documents_(view.documents) {
    if (documents_ != ClickDocuments::features) return;
    features_.features = view.scales;
    if (view.scales.empty()) {
      for (const std::string& name : candidate_signal_names()) features_.features.push_back({name});
      for (const std::string& name : free_features(log))
        features_.features.push_back({std::string(kFreeFeature) + name});
    }
    for (const FeatureScale& feature : features_.features) numbers_.push_back(number_of(feature.name));
  }

  /// False for a page without slots, which is no session.
  bool add(const Request& request, const LoggedPage& page, ClickSessions& sessions) {
    std::vector<int> documents, positions, rows;
    int row = 0;
    for (const PageSection& section : page.page.sections) {
      const SectionType& type = schema_.section_types[static_cast<std::size_t>(section.type)];
      const int columns = columns_of(type, static_cast<int>(section.items.size()));
      for (std::size_t k = 0; k < section.items.size(); ++k) {
        const int column = static_cast<int>(k) % columns;
        if (k > 0 && column == 0) ++row;
        documents.push_back(document(request, static_cast<std::size_t>(section.items[k])));
        positions.push_back(position(request, type, row, column));
        rows.push_back(row);
      }
      ++row;
    }
    std::vector<std::uint8_t> clicks;
    for (const SlotFeedback& slot : slot_feedback(page)) clicks.push_back(slot.clicked());
    if (clicks.empty()) return false;
    sessions.add(documents, positions, rows, clicks);
    return true;
  }

  ClickSpace space(int ranks) {
    return {document_index_.take_names(), position_index_.take_names(), ranks, std::move(features_)};
  }

 private:
  static int columns_of(const SectionType& type, int slots) {
    if (type.layout == "carousel" || type.layout == "ad_strip") return std::max(slots, 1);
    return type.layout == "grid" ? std::max(type.columns, 1) : 1;
  }

  int position(const Request& request, const SectionType& type, int row, int column) {
    std::string name = fmt::format("{} row {} column {}", type.name, row, column);
    if (const auto device = request.context.find("device"); device != request.context.end())
      name += " " + device->second;
    return position_index_.of(name);
  }

  int document(const Request& request, std::size_t candidate) {
    const std::string& item = request.candidates[candidate].id;
    switch (documents_) {
      case ClickDocuments::item:
        return document_index_.of(item);
      case ClickDocuments::query:
        return document_index_.of(request.query + "/" + item);
      case ClickDocuments::features:
        break;
    }
    // Signals are of candidate and user, so that every slot is a document of its own.
    const std::vector<double> signals = candidate_signals(request, candidate);
    const auto& free = request.candidates[candidate].features;
    for (const FeatureNumber& number : numbers_) {
      double value = std::numeric_limits<double>::quiet_NaN();
      if (number.signal)
        value = signals[*number.signal];
      else if (const auto found = free.find(number.free); found != free.end())
        value = found->second;
      features_.values.push_back(value);
    }
    return shown_++;
  }

  /// Where a feature's numbers come from: a signal, or a free feature of the candidate.
  struct FeatureNumber {
    std::optional<std::size_t> signal;
    std::string free;
  };
  static FeatureNumber number_of(const std::string& name) {
    if (name.starts_with(kFreeFeature)) return {{}, name.substr(kFreeFeature.size())};
    const std::vector<std::string>& signals = candidate_signal_names();
    const auto found = std::ranges::find(signals, name);
    require(found != signals.end(),
            "click models: this program knows no feature '{}' of documents; use the program that fitted the "
            "model, or fit it again",
            name);
    return {static_cast<std::size_t>(found - signals.begin()), {}};
  }

  const PageSchema& schema_;
  ClickDocuments documents_;
  NameIndex document_index_, position_index_;
  std::vector<FeatureNumber> numbers_;  ///< [F]
  FeatureTable features_;
  int shown_ = 0;
};

/// The scales with which every feature of training slots has mean 0 and standard deviation 1, so that ridge
/// and weights mean the same for all.
void find_scales(const ClickSessions& train, FeatureTable& table) {
  for (std::size_t f = 0; f < table.width(); ++f) {
    double count = 0, mean = 0, square = 0;
    for (std::size_t s = 0; s < train.size(); ++s)
      for (const int document : train[s].documents) {
        const double value = table.row(static_cast<std::size_t>(document))[f];
        if (std::isnan(value)) continue;
        count += 1;
        const double off = value - mean;
        mean += off / count;
        square += off * (value - mean);
      }
    table.features[f].mean = mean;
    table.features[f].deviation = square > 1e-12 * count ? std::sqrt(square / count) : 1;
  }
}

/// What is not known (NaN) becomes the mean.
void apply_scales(FeatureTable& table) {
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    const FeatureScale& scale = table.features[i % table.width()];
    double& value = table.values[i];
    value = std::isnan(value) ? 0 : (value - scale.mean) / scale.deviation;
  }
}

}  // namespace

ClickLog click_log(const FeedbackLog& log, const PageSchema& schema, const GainConfig& gains,
                   const ClickView& view) {
  ClickLog result;
  ClickLogBuilder builder(log, schema, view);
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedPage& page = log.pages[i];
    if (view.pages == ClickPages::uniform && page.policy_id != gains.uniform_policy) continue;
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    const auto index = static_cast<std::int64_t>(i);
    if (!view.held_out_only && gains.learns_from(log, page, Split::train) &&
        builder.add(request, page, result.train))
      result.train_pages.push_back(index);
    if (gains.learns_from(log, page, Split::valid) && builder.add(request, page, result.valid))
      result.valid_pages.push_back(index);
  }
  result.space = builder.space(std::max(result.train.longest(), result.valid.longest()));
  if (view.scales.empty()) find_scales(result.train, result.space.features);
  apply_scales(result.space.features);
  result.view = view;
  result.view.scales = result.space.features.features;
  return result;
}

}  // namespace pagewright
