#pragma once
// Requests to pages: what `generate` does with a line.

#include <string>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "launch/serving/answer_cache.hpp"
#include "launch/serving/answer_lines.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

struct ComposerOptions {
  SampleOptions sampling;
  std::size_t cached = 0;  ///< answers that are kept for requests that come again
  bool tokens = false;     ///< pages carry "prompt" (as text), "prompt_tokens" and "tokens" as well
};

/// A line is a request as JSON; its answer is its pages, one for each sample, with page id, policy id and,
/// unless they are greedy, propensities. A page depends on the request, the weights and the options alone,
/// neither on the other lines nor on the number of threads.
class PageComposer final : public LineAnswerer {
 public:
  /// References must outlive it, and the policy's weights stay as they are.
  PageComposer(const PageLanguage& language, ModelPolicy& policy, LanePool& pool, std::string policy_id,
               ComposerOptions options);
  std::vector<LineAnswer> answer(std::span<const InputLine> lines) override;
  std::string closing_note() const override;

 private:
  void compose(std::span<const InputLine> lines, std::span<LineAnswer> answers);
  std::string page_json(const Request& request, const Trajectory& trajectory) const;

  const PageLanguage& language_;
  ModelPolicy& policy_;
  LanePool& pool_;
  std::string policy_id_;
  ComposerOptions options_;
  AnswerCache cache_;
};

}  // namespace pagewright
