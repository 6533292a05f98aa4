#include "rewards/feedback/debias/estimator_clicks.hpp"

#include "core/base/error.hpp"

namespace pagewright {

ClickLog estimator_clicks(const CorrectionInputs& inputs, const std::string& estimator) {
  require(inputs.sources.schema, "gains: estimator: {} needs the page schema", estimator);
  ClickLog clicks =
      click_log(inputs.log, *inputs.sources.schema, inputs.config, {inputs.sources.clicks.documents});
  require(clicks.train.size() > 0, "gains: estimator: {}: the log has no training page with a slot",
          estimator);
  bool clicked = false;
  for (std::size_t s = 0; s < clicks.train.size() && !clicked; ++s)
    clicked = last_click(clicks.train[s]) >= 0;
  require(clicked, "gains: estimator: {}: nothing on the {} training pages was clicked or bought", estimator,
          clicks.train.size());
  return clicks;
}

void for_each_session(const ClickLog& clicks,
                      const std::function<void(std::int64_t, const ClickSession&, bool)>& visit) {
  for (std::size_t s = 0; s < clicks.train.size(); ++s) visit(clicks.train_pages[s], clicks.train[s], true);
  for (std::size_t s = 0; s < clicks.valid.size(); ++s) visit(clicks.valid_pages[s], clicks.valid[s], false);
}

void SlotMeans::add(std::span<const double> slots) {
  if (slots.size() > sums_.size()) {
    sums_.resize(slots.size());
    counts_.resize(slots.size());
  }
  for (std::size_t k = 0; k < slots.size(); ++k) {
    sums_[k] += slots[k];
    counts_[k] += 1;
  }
}

std::vector<double> SlotMeans::relative_to_first(const std::string& estimator) const {
  require(!sums_.empty() && sums_[0] > 0,
          "gains: estimator: {}: the first slot is never looked at, so slots cannot be compared with it",
          estimator);
  std::vector<double> means;
  for (std::size_t k = 0; k < sums_.size(); ++k) means.push_back(sums_[k] / counts_[k] / first());
  return means;
}

}  // namespace pagewright
