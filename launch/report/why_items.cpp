#include "launch/report/why_items.hpp"

#include "launch/reward_fitting.hpp"
#include "rewards/feedback/gains.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {
namespace {

/// The page after, the page before, then the pages of all exchanges.
RequestPages pages_to_score(const PageLanguage& language, const PageExample& example, const Page& after,
                            const Page& before, const Exchanges& exchanges) {
  RequestPages group;
  group.request = &example.request;
  group.key = example.key;
  const CandidateOrder order =
      language.candidate_order(example.request, 0, static_cast<std::uint64_t>(example.key));
  group.prompt = language.prompt(example.request, order);
  group.pages = {after, before};
  group.pages.insert(group.pages.end(), exchanges.pages.begin(), exchanges.pages.end());
  for (const Page& page : group.pages) group.encoded.push_back(language.encode(order, page));
  return group;
}

void explain_slots(ShownExample& shown, const Exchanges& exchanges, std::span<const PageScores> pages,
                   const PageScores& items) {
  shown.reward_after = pages[0].page;
  shown.reward_before = pages[1].page;
  std::vector<double> rewards;
  for (const PageScores& page : pages.subspan(2)) rewards.push_back(page.page);
  const auto best =
      best_exchanges(static_cast<int>(items.slots.size()), exchanges.exchanges, rewards, *shown.reward_after);
  for (std::size_t slot = 0; slot < items.slots.size(); ++slot) {
    SlotReason& reason = shown.reasons.emplace_back();
    reason.item_reward = items.slots[slot];
    if (slot < pages[0].slots.size()) reason.expected_gain = pages[0].slots[slot];
    reason.best = best[slot];
  }
}

}  // namespace

void explain_examples(Workbench& bench, const PolicyVariant& variant, ReportData& data) {
  const FittedRewards fitted = load_rewards(bench, variant.page_form);
  const GainWeights gains = gain_weights(bench.experiment().rewards.gains, bench.log());
  const LearnedTermContext context{bench.language().vocabulary(), fitted.scale, bench.pool()};
  for (ShownExample& shown : data.shown) {
    const PageExample& example = data.examples[shown.example];
    const Page& after = example.find(data.policy)->page;
    const Exchanges exchanges = page_exchanges(data.schema, example.request, after);
    RequestPages group =
        pages_to_score(bench.language(), example, after, example.find(data.baseline)->page, exchanges);
    const auto pages = score_pages(context, fitted.page.view(), variant.page_form, gains, {&group, 1});
    group.pages.resize(1);
    group.encoded.resize(1);
    const auto items = score_items(context, fitted.item.view(), {&group, 1});
    explain_slots(shown, exchanges, pages, items.front());
  }
}

}  // namespace pagewright
