#include "rewards/terms/oracle_term.hpp"

#include "rewards/simulator/request_truth.hpp"

namespace pagewright {

std::vector<TermScore> OracleTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const RequestPages& group : groups) {
    const RequestTruth truth(world_, *group.request);
    for (const Page& page : group.pages) {
      TermScore& term = result.emplace_back();
      term.name = name();
      term.page_raw = static_cast<float>(truth.page(page).utility(gains_));
      term.page = term.page_raw;
    }
  }
  return result;
}

}  // namespace pagewright
