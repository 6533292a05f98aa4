#include "tests/programs/training_steps/page_json.hpp"

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

namespace pagewright::steps {

nlohmann::json bags_json(const TokenBags& bags) {
  nlohmann::json json = nlohmann::json::array();
  for (int position = 0; position < bags.size(); ++position)
    json.push_back(std::vector<TokenId>(bags.at(position).begin(), bags.at(position).end()));
  return json;
}

nlohmann::json masks_json(const PageGrammar::Masks& masks) {
  nlohmann::json json = nlohmann::json::array();
  for (std::size_t step = 0; step + 1 < masks.offsets.size(); ++step)
    json.push_back(std::vector<std::int32_t>(masks.indices.begin() + masks.offsets[step],
                                             masks.indices.begin() + masks.offsets[step + 1]));
  return json;
}

nlohmann::json prompt_json(const Prompt& prompt) {
  return {{"tokens", bags_json(prompt.tokens)},
          {"candidate_position", prompt.candidate_position},
          {"candidate_fields", bags_json(prompt.candidate_fields)}};
}

nlohmann::json page_json(const LearningPage& page) {
  return {{"tokens", page.trajectory.tokens},
          {"masks", masks_json(page.masks)},
          {"behaviour_log_probs", page.trajectory.log_probs},
          {"old_log_probs", page.old_log_probs},
          {"old_values", page.old_values},
          {"reference_log_probs", page.reference_log_probs},
          {"importance", page.importance},
          {"advantages", page.advantages},
          {"returns", page.returns},
          {"page_reward", page.score.page_reward},
          {"slot_rewards", page.score.slot_rewards},
          {"format_reward", page.score.format_reward}};
}

}  // namespace pagewright::steps
