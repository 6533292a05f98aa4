#include "rewards/credit/swap_term.hpp"

#include <algorithm>
#include <utility>

#include "rewards/credit/swap_credit.hpp"

namespace pagewright {

RequestPages with_alternatives(const PageLanguage& language, const RequestPages& group,
                               const SwapConfig& config, std::uint64_t seed,
                               std::vector<std::vector<SlotAlternative>>& alternatives) {
  RequestPages all = group;
  all.shared.assign(group.pages.size(), {});
  alternatives.clear();
  for (std::size_t p = 0; p < group.pages.size(); ++p) {
    alternatives.push_back(
        slot_alternatives(language.schema(), *group.request, group.pages[p], config, {seed, group.key}));
    for (const SlotAlternative& alternative : alternatives.back()) {
      all.pages.push_back(alternative.page);
      all.encoded.push_back(language.encode(group.prompt.order, alternative.page));
      const SlotSpan& slot = group.encoded[p].spans.slots.at(static_cast<std::size_t>(alternative.slot));
      all.shared.push_back({static_cast<std::int32_t>(p), slot.token});
    }
  }
  return all;
}

SwapCreditTerm::SwapCreditTerm(LearnedTermContext context, const PageLanguage& language, WeightsView weights,
                               PageModelForm form, GainWeights gains, SwapConfig config, std::uint64_t seed)
    : context_(context),
      language_(language),
      weights_(std::move(weights)),
      form_(form),
      gains_(gains),
      config_(config),
      seed_(seed) {}

std::vector<TermScore> SwapCreditTerm::score(std::span<const RequestPages> groups) {
  // A request for each thread at a time: swapped pages are many.
  const auto at_once = static_cast<std::size_t>(std::max(1, context_.pool.threads()));
  std::vector<TermScore> result;
  for (std::size_t begin = 0; begin < groups.size(); begin += at_once)
    score_some(groups.subspan(begin, std::min(at_once, groups.size() - begin)), result);
  return result;
}

void SwapCreditTerm::score_some(std::span<const RequestPages> groups, std::vector<TermScore>& result) const {
  std::vector<RequestPages> all;
  std::vector<std::vector<std::vector<SlotAlternative>>> alternatives(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g)
    all.push_back(with_alternatives(language_, groups[g], config_, seed_, alternatives[g]));
  const std::vector<PageScores> scores = score_pages(context_, weights_, form_, gains_, all);
  const RewardScale& scale = context_.normaliser;
  std::size_t first = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::size_t next = first + groups[g].pages.size();
    for (std::size_t p = 0; p < groups[g].pages.size(); ++p) {
      std::vector<double> others;
      for (std::size_t i = 0; i < alternatives[g][p].size(); ++i) others.push_back(scores[next++].page);
      TermScore& term = result.emplace_back();
      term.name = name();
      for (const double credit :
           swap_credit(scores[first + p].page, alternatives[g][p], others, groups[g].pages[p].slot_count())) {
        term.slots_raw.push_back(static_cast<float>(credit));
        term.slots.push_back(static_cast<float>(std::clamp(credit / scale.page_sd, -scale.clip, scale.clip)));
      }
    }
    first += all[g].pages.size();
  }
}

}  // namespace pagewright
