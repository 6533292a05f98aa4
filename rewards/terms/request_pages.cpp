#include "rewards/terms/request_pages.hpp"

#include "core/base/error.hpp"

namespace pagewright {

GroupedPages group_pages(const PageLanguage& language, std::span<const KeyedRequest> requests,
                         std::span<const Trajectory> trajectories) {
  require(requests.size() == trajectories.size(), "scoring: {} requests for {} trajectories", requests.size(),
          trajectories.size());
  GroupedPages grouped;
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    const Trajectory& trajectory = trajectories[i];
    if (!trajectory.invalid_cause.empty()) continue;
    const bool same = !grouped.groups.empty() && grouped.groups.back().key == requests[i].key &&
                      grouped.groups.back().request == requests[i].request &&
                      grouped.groups.back().prompt.order == trajectory.order;
    if (!same) {
      grouped.groups.push_back({requests[i].request,
                                requests[i].key,
                                language.prompt(*requests[i].request, trajectory.order),
                                {},
                                {},
                                {}});
      grouped.sources.emplace_back();
    }
    grouped.groups.back().pages.push_back(trajectory.page);
    grouped.groups.back().encoded.push_back({trajectory.tokens, trajectory.spans});
    grouped.sources.back().push_back(i);
  }
  return grouped;
}

std::vector<PagesOfRequest> pages_of(std::span<const RequestPages> groups) {
  std::vector<PagesOfRequest> result;
  result.reserve(groups.size());
  for (const RequestPages& group : groups) {
    PagesOfRequest& pages = result.emplace_back();
    pages.prompt = &group.prompt;
    pages.shared = group.shared;
    for (const EncodedPage& page : group.encoded) pages.pages.push_back(&page);
  }
  return result;
}

}  // namespace pagewright
