#include "rollout/baselines/last_touched.hpp"

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::vector<double> last_touched_scores(const KeyedRequest& request, const ShownPages& shown) {
  const std::vector<Item>& candidates = request.request->candidates;
  std::vector<double> scores;
  for (std::size_t i = 0; i < candidates.size(); ++i) scores.push_back(-static_cast<double>(i + 1));
  if (const auto found = shown.find(request.key); found != shown.end()) {
    const std::vector<std::int32_t> items = found->second.items();
    for (std::size_t slot = 0; slot < items.size(); ++slot)
      scores.at(static_cast<std::size_t>(items[slot])) = static_cast<double>(items.size() - slot);
  }
  if (request.request->history.empty()) return scores;
  const std::string& last = request.request->history.back().item.id;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (candidates[i].id == last) scores[i] = static_cast<double>(candidates.size() + 1);
  return scores;
}

}  // namespace

std::unique_ptr<ScoredPolicy> make_last_touched_policy(const PageLanguage& language, ShownPages shown) {
  return std::make_unique<ScoredPolicy>(language, "last_touched",
                                        [shown = std::move(shown)](const KeyedRequest& request) {
                                          return last_touched_scores(request, shown);
                                        });
}

}  // namespace pagewright
