#include "rewards/clicks/click_model.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

/// What a file calls the weights of a regression.
std::string weights_name(const std::string& kind) {
  return kind + " weights";
}

/// The values of `found` in the order of `keys`.
std::vector<double> values_by_key(const std::string& model, const ClickParameters& found,
                                  std::span<const std::string> keys) {
  std::unordered_map<std::string_view, double> by_key;
  for (std::size_t i = 0; i < found.keys.size(); ++i) by_key.emplace(found.keys[i], found.values[i]);
  std::vector<double> values;
  for (const std::string& key : keys) {
    const auto value = by_key.find(key);
    require(value != by_key.end() || found.otherwise, "the click model {} has no {} of '{}'", model,
            found.name, key);
    values.push_back(value != by_key.end() ? value->second : *found.otherwise);
  }
  return values;
}

}  // namespace

bool of_click_documents(const std::string& kind) {
  return kind == "attractiveness" || kind == "satisfaction";
}

std::vector<ClickParameters> ClickModel::parameters() const {
  std::vector<ClickParameters> result;
  for (const NamedRates& named : rates())
    if (const auto* regression = dynamic_cast<const FeatureRates*>(named.rates))
      result.push_back({weights_name(named.name), regression->weight_names(), regression->weights(), {}});
    else
      result.push_back({named.name,
                        {named.keys.begin(), named.keys.end()},
                        named.rates->values(),
                        of_click_documents(named.name) ? named.rates->prior_mean() : std::nullopt});
  return result;
}

void ClickModel::take(const std::vector<ClickParameters>& found) {
  for (const NamedRates& named : rates()) {
    auto* regression = dynamic_cast<FeatureRates*>(named.rates);
    const std::string kind = regression ? weights_name(named.name) : named.name;
    const auto parameters = std::ranges::find(found, kind, &ClickParameters::name);
    require(parameters != found.end(), "the click model {} lacks its {}", name(), kind);
    if (regression)
      regression->set_weights(values_by_key(name(), *parameters, regression->weight_names()));
    else
      named.rates->set(values_by_key(name(), *parameters, named.keys));
  }
}

void ClickModel::set(const std::string& kind, std::span<const double> values) {
  for (const NamedRates& named : rates())
    if (named.name == kind) return named.rates->set(values);
  fail("the click model {} has no parameters called {}", name(), kind);
}

double ClickModel::log_prior() const {
  double sum = 0;
  for (const NamedRates& named : rates()) sum += named.rates->log_prior();
  return sum;
}

std::unique_ptr<RateTable> ClickModel::document_rates(const ClickSpace& space, Smoothing smoothing,
                                                      double ridge) {
  if (space.features.empty()) return std::make_unique<RateTable>(space.documents.size(), smoothing);
  return std::make_unique<FeatureRates>(space.features, ridge);
}

double log_likelihood(const ClickModel& model, const ClickSessions& sessions) {
  std::vector<double> click(static_cast<std::size_t>(sessions.longest()));
  double sum = 0;
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    const ClickSession session = sessions[s];
    model.given_earlier_clicks(session, std::span(click).first(session.size()));
    for (std::size_t k = 0; k < session.size(); ++k)
      sum += std::log(std::max(session.clicks[k] ? click[k] : 1 - click[k], kLowestClickProbability));
  }
  return sum;
}

FitTrace improve_click_model(ClickModel& model, const ClickSessions& train, const ClickFit& fit) {
  require(train.size() > 0, "click model {}: there is no page to learn from", model.name());
  const auto objective = [&] { return log_likelihood(model, train) + model.log_prior(); };
  FitTrace trace{objective()};
  const int steps = model.closed_form() ? 1 : fit.iterations;
  for (int step = 0; step < steps; ++step) {
    model.step(train);
    const double before = trace.back();
    trace.push_back(objective());
    if (trace.back() - before < fit.tolerance * static_cast<double>(train.size())) break;
  }
  return trace;
}

FitTrace fit_click_model(ClickModel& model, const ClickSpace& space, const ClickSessions& train,
                         const ClickFit& fit) {
  model.start(space, fit);
  return improve_click_model(model, train, fit);
}

}  // namespace pagewright
