#include "rewards/terms/rules/validity_term.hpp"

namespace pagewright {

std::vector<TermScore> ValidityTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const RequestPages& group : groups)
    for (const Page& page : group.pages) {
      TermScore& term = result.emplace_back();
      term.name = name_;
      const std::size_t broken = page_violations(schema_, *group.request, page).size();
      term.page = term.page_raw = broken == 0 ? 1.0F : -static_cast<float>(broken);
    }
  return result;
}

}  // namespace pagewright
