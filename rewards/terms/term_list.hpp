#pragma once
// Reward terms from their configuration.

#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "core/page/prompt_template.hpp"
#include "rewards/terms/term.hpp"
#include "rewards/terms/term_config.hpp"

namespace pagewright {

/// The configured terms, connected; programs are started. Throws Error that names the term. `schema` must
/// outlive them.
std::vector<WeightedTerm> make_terms(const std::vector<TermConfig>& configs, const PageSchema& schema);

/// Throws Error for a term that reads a feature, or looks for sellers or a group, that no candidate of the
/// log has: it would say the same of every page.
void check_terms(const std::vector<TermConfig>& configs, const FeedbackLog& log);

/// A sentence for each constraint on what the prompt does not show of the candidates (nor their ids, from
/// which it could be learnt): a policy can hardly keep it.
std::vector<std::string> unseen_constraints(const std::vector<TermConfig>& configs,
                                            const PromptTemplate& prompt);

}  // namespace pagewright
