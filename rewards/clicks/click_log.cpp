#include "rewards/clicks/click_log.hpp"

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

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

/// Turns pages into sessions.
class ClickLogBuilder {
 public:
  ClickLogBuilder(const PageSchema& schema, ClickDocuments documents)
      : schema_(schema), documents_(documents) {
    if (documents == ClickDocuments::features) features_.names = candidate_signal_names();
  }

  void add(const Request& request, const LoggedPage& page, ClickSessions& sessions) {
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
    for (const SlotFeedback& slot : slot_feedback(page))
      clicks.push_back(slot.clicks > 0 || slot.purchases > 0);
    if (!clicks.empty()) sessions.add(documents, positions, rows, clicks);
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
    features_.values.insert(features_.values.end(), signals.begin(), signals.end());
    return shown_++;
  }

  const PageSchema& schema_;
  ClickDocuments documents_;
  NameIndex document_index_, position_index_;
  FeatureTable features_;
  int shown_ = 0;
};

/// Mean 0 and standard deviation 1 for each feature, so that ridge and weights mean the same for all.
void standardise(FeatureTable& table) {
  const std::size_t width = table.names.size(), rows = width ? table.values.size() / width : 0;
  for (std::size_t f = 0; f < width && rows > 0; ++f) {
    double mean = 0, square = 0;
    for (std::size_t d = 0; d < rows; ++d) mean += table.values[d * width + f] / static_cast<double>(rows);
    for (std::size_t d = 0; d < rows; ++d) {
      const double off = table.values[d * width + f] - mean;
      square += off * off / static_cast<double>(rows);
    }
    const double sd = square > 1e-12 ? std::sqrt(square) : 1;
    for (std::size_t d = 0; d < rows; ++d)
      table.values[d * width + f] = (table.values[d * width + f] - mean) / sd;
  }
}

/// Groups of positions that share a document, directly or through others.
std::size_t connected_groups(const std::map<int, std::set<int>>& positions_of, std::size_t positions) {
  std::vector<std::size_t> parent(positions);
  for (std::size_t p = 0; p < positions; ++p) parent[p] = p;
  const auto root = [&](std::size_t p) {
    while (parent[p] != p) p = parent[p] = parent[parent[p]];
    return p;
  };
  std::set<std::size_t> used, roots;
  for (const auto& [document, places] : positions_of)
    for (const int place : places) {
      used.insert(static_cast<std::size_t>(place));
      parent[root(static_cast<std::size_t>(place))] = root(static_cast<std::size_t>(*places.begin()));
    }
  for (const std::size_t p : used) roots.insert(root(p));
  return roots.size();
}

}  // namespace

ClickLog click_log(const FeedbackLog& log, const PageSchema& schema, const GainConfig& gains,
                   ClickDocuments documents) {
  ClickLog result;
  ClickLogBuilder builder(schema, documents);
  for (const LoggedPage& page : log.pages) {
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    if (gains.learns_from(log, page, Split::train)) builder.add(request, page, result.train);
    if (gains.learns_from(log, page, Split::valid)) builder.add(request, page, result.valid);
  }
  result.space = builder.space(std::max(result.train.longest(), result.valid.longest()));
  standardise(result.space.features);
  return result;
}

PositionIdentification position_identification(const ClickLog& clicks, const FeedbackLog& log,
                                               const GainConfig& gains) {
  std::map<int, std::set<int>> positions_of;
  std::set<int> positions;
  for (std::size_t s = 0; s < clicks.train.size(); ++s) {
    const ClickSession session = clicks.train[s];
    for (std::size_t k = 0; k < session.size(); ++k) {
      positions_of[session.documents[k]].insert(session.positions[k]);
      positions.insert(session.positions[k]);
    }
  }
  PositionIdentification found;
  found.documents = positions_of.size();
  for (const auto& [document, places] : positions_of) found.documents_two += places.size() > 1;
  found.positions = positions.size();
  found.groups = connected_groups(positions_of, clicks.space.positions.size());
  for (const LoggedPage& page : log.pages)
    found.uniform_pages +=
        page.policy_id == gains.uniform_policy && gains.learns_from(log, page, Split::train);
  return found;
}

std::string identification_text(const PositionIdentification& found, ClickDocuments documents) {
  const std::string uniform =
      found.uniform_pages > 0
          ? fmt::format("{} training pages are uniformly random.", found.uniform_pages)
          : std::string("No page is uniformly random, so attractive items may have stood where users look.");
  if (documents == ClickDocuments::features)
    return fmt::format(
        "Examination of {} positions is told from attractiveness only as far as the features explain it. "
        "{}\n",
        found.positions, uniform);
  const std::string seen = fmt::format("{} of {} documents were seen at more than one of {} positions",
                                       found.documents_two, found.documents, found.positions);
  if (found.documents_two == 0)
    return fmt::format(
        "Propensities are not identified: no item was seen at two positions, so clicks cannot tell where "
        "users "
        "look from what they like. Examination below rests on the prior alone; do not use it. {}\n",
        uniform);
  if (found.groups > 1)
    return fmt::format(
        "Propensities are identified only within {} groups of positions that no item connects ({}): do not "
        "compare positions of different groups. {}\n",
        found.groups, seen, uniform);
  return fmt::format("Propensities are identified up to one factor: {}. {}\n", seen, uniform);
}

}  // namespace pagewright
