#pragma once
// A policy that answers requests: of a run, or of a folder that `export` wrote.

#include <memory>
#include <string>

#include "core/base/parallel.hpp"
#include "core/page/page_language.hpp"
#include "distributed/flat_parameters.hpp"
#include "launch/config_options.hpp"

namespace pagewright {

class ServedModel {
 public:
  /// CONFIG is an experiment's file, whose run has the policy; or an exported folder, which needs nothing
  /// beside it and whose `policy` is ignored. Throws Error that says what is missing.
  ServedModel(const ConfigOptions& config, const std::string& policy);

  const Experiment& experiment() const { return loaded_.experiment; }
  const PageLanguage& language() const { return language_; }
  LanePool& pool() { return *pool_; }
  WeightsView weights() const { return parameters_->view(); }
  const std::string& name() const { return name_; }
  /// Name and beginning of the hash of the weights: the policy_id of its pages.
  std::string id() const;

 private:
  LoadedExperiment loaded_;
  std::string name_;
  PageLanguage language_;
  c10::Device device_;  ///< where the model runs
  std::unique_ptr<LanePool> pool_;
  std::unique_ptr<FlatParameters> parameters_;
};

}  // namespace pagewright
