#pragma once
// Given pages to log-probs: what `generate --score` does with a line.

#include <string>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "launch/serving/answer_lines.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

/// A line is a request with a page (`order`, `sections`) or with response tokens (`tokens`), as JSON; a line
/// of `generate` or of a log will do. Its answer has the log-probs (nats) of its tokens, slots and page over
/// what the grammar allows, at temperature 1, bit for bit those with which `generate` draws. docs/serving.md
/// lists the keys. A page that the grammar cannot compose is a problem that names the broken rules.
class PageScorer final : public LineAnswerer {
 public:
  /// References must outlive it.
  PageScorer(const PageLanguage& language, ModelPolicy& policy, LanePool& pool, std::string policy_id);
  std::vector<LineAnswer> answer(std::span<const InputLine> lines) override;

 private:
  const PageLanguage& language_;
  ModelPolicy& policy_;
  LanePool& pool_;
  std::string policy_id_;
};

}  // namespace pagewright
