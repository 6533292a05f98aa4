#pragma once
// Pages of one request, encoded once for all terms that score them.

#include <cstdint>
#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"
#include "rewards/models/page_batch.hpp"

namespace pagewright {

struct RequestPages {
  const Request* request = nullptr;
  std::int64_t key = 0;
  Prompt prompt;
  std::vector<Page> pages;
  std::vector<EncodedPage> encoded;       ///< of `pages`, in the prompt's order
  std::vector<SharedPrefix> shared = {};  ///< [pages] tokens that are those of an earlier page; empty: none
};

/// One group per run of trajectories with the same request and candidate order. Trajectories that are no
/// valid pages are left out; `sources[g][p]` is the trajectory of page p of group g.
struct GroupedPages {
  std::vector<RequestPages> groups;
  std::vector<std::vector<std::size_t>> sources;
};
GroupedPages group_pages(const PageLanguage& language, std::span<const KeyedRequest> requests,
                         std::span<const Trajectory> trajectories);

/// Pointers into a run of groups, as pack_pages() takes them.
std::vector<PagesOfRequest> pages_of(std::span<const RequestPages> groups);

}  // namespace pagewright
