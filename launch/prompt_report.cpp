#include "launch/prompt_report.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/log.hpp"

namespace pagewright {

PromptLengths prompt_lengths(const PageLanguage& language, const FeedbackLog& log, int most) {
  const std::vector<const Request*> requests = training_requests(log);
  const std::size_t looked_at = std::min(requests.size(), static_cast<std::size_t>(most));
  PromptLengths lengths;
  std::vector<int> sizes;
  for (std::size_t i = 0; i < looked_at; ++i) {
    const Request& request = *requests[i * requests.size() / looked_at];
    CandidateOrder order(request.candidates.size());
    std::iota(order.begin(), order.end(), 0);
    const Prompt prompt = language.prompt(request, std::move(order));
    sizes.push_back(prompt.tokens.size());
    lengths.shortened += prompt.shortened ? 1 : 0;
  }
  std::ranges::sort(sizes);
  lengths.requests = static_cast<int>(sizes.size());
  if (!sizes.empty()) {
    lengths.median = sizes[sizes.size() / 2];
    lengths.longest = sizes.back();
  }
  return lengths;
}

void report_prompt_lengths(const PageLanguage& language, const FeedbackLog& log) {
  if (!language.prompt_template().has_text()) return;
  const PromptLengths lengths = prompt_lengths(language, log);
  log_info("prompts of {} requests: {} tokens in the middle, {} at most", lengths.requests, lengths.median,
           lengths.longest);
  if (lengths.shortened > 0)
    log_warn(
        "{} of {} prompts were shortened to fit the model's context: oldest actions first, then words of the "
        "candidates; lower prompt.history.last or the token budgets of text fields to choose yourself",
        lengths.shortened, lengths.requests);
}

}  // namespace pagewright
