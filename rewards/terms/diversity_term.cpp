#include "rewards/terms/diversity_term.hpp"

#include <set>

namespace pagewright {

namespace {

double distinct_category_share(const Request& request, const Page& page) {
  std::set<std::string> categories;
  int without = 0;
  const std::vector<std::int32_t> items = page.items();
  for (std::int32_t item : items) {
    const std::string& category = request.candidates[static_cast<std::size_t>(item)].category;
    if (category.empty())
      ++without;
    else
      categories.insert(category);
  }
  if (items.empty()) return 0;
  return static_cast<double>(categories.size() + static_cast<std::size_t>(without)) /
         static_cast<double>(items.size());
}

}  // namespace

std::vector<TermScore> DiversityTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const RequestPages& group : groups)
    for (const Page& page : group.pages) {
      TermScore& term = result.emplace_back();
      term.name = name();
      term.page_raw = static_cast<float>(distinct_category_share(*group.request, page));
      term.page = term.page_raw;
    }
  return result;
}

}  // namespace pagewright
