#pragma once
// How long the prompts of a log are.

#include "core/data/feedback_log.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

struct PromptLengths {
  int requests = 0;             ///< looked at
  int shortened = 0;            ///< whose prompt lost actions or words to fit the model's context
  int median = 0, longest = 0;  ///< tokens
};

/// Of at most `most` training requests, evenly spread over the log.
PromptLengths prompt_lengths(const PageLanguage& language, const FeedbackLog& log, int most = 4096);

/// Says it in the log if prompts hold text; a warning if any was shortened.
void report_prompt_lengths(const PageLanguage& language, const FeedbackLog& log);

}  // namespace pagewright
