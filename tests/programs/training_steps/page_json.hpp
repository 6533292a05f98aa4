#pragma once
// Prompts, pages and allowed sets as JSON.

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "core/page/page_language.hpp"
#include "distributed/pipeline/experience.hpp"

namespace pagewright::steps {

/// [positions][ids].
nlohmann::json bags_json(const TokenBags& bags);
/// [steps][layout indices].
nlohmann::json masks_json(const PageGrammar::Masks& masks);
/// tokens, candidate_position and candidate_fields.
nlohmann::json prompt_json(const Prompt& prompt);
/// What the learner knows of a page: tokens, masks, log-probs, values, rewards and what became of them.
nlohmann::json page_json(const LearningPage& page);

}  // namespace pagewright::steps
