#include "rewards/clicks/position_identification.hpp"

#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace pagewright {
namespace {

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
