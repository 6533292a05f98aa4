#pragma once
// The page as it was shown.

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"
#include "rollout/baselines/shown_pages.hpp"

namespace pagewright {

/// Gives every request the page that the log shows for its key, whether or not the schema allows it
/// (`invalid_cause` says why not). A key without a page, or a page with an item that the request lacks, is an
/// Error. The log's propensities belong to the log, not to this policy: log_probs() is an Error.
class LoggedPolicy : public Policy {
 public:
  LoggedPolicy(const PageLanguage& language, ShownPages shown);
  std::string name() const override { return "logged"; }
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;

 private:
  Trajectory shown_for(const KeyedRequest& request, const SampleOptions& options) const;

  const PageLanguage* language_;
  ShownPages shown_;
};

}  // namespace pagewright
