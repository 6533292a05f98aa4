#include "rewards/clicks/chain_model.hpp"

namespace pagewright {

void ChainModel::start(const ClickSpace& space, const ClickFit& fit) {
  space_ = &space;
  attraction_ = document_rates(space, fit.attractiveness, fit.ridge);
}

void ChainModel::click_probabilities(const ClickSession& session, std::span<double> result) const {
  double examined = 1;
  for (std::size_t k = 0; k < session.size(); ++k) {
    const double alpha = attraction(session, k);
    result[k] = examined * alpha;
    examined *= alpha * goes_on(session, k, true) + (1 - alpha) * goes_on(session, k, false);
  }
}

void ChainModel::given_earlier_clicks(const ClickSession& session, std::span<double> result) const {
  double examined = 1;
  for (std::size_t k = 0; k < session.size(); ++k) {
    const double alpha = attraction(session, k), click = examined * alpha;
    result[k] = click;
    if (session.clicks[k])
      examined = goes_on(session, k, true);
    else
      examined = click < 1 ? (examined - click) * goes_on(session, k, false) / (1 - click) : 0;
  }
}

ChainPosterior ChainModel::posterior(const ClickSession& session) const {
  const std::size_t slots = session.size(), below = static_cast<std::size_t>(last_click(session) + 1);
  ChainPosterior result{std::vector<double>(slots, 1.0), std::vector<double>(slots + 1, 1.0)};
  for (std::size_t k = slots; k-- > below;) {
    const double on = goes_on(session, k, false);
    result.silence[k] = (1 - attraction(session, k)) * (on * result.silence[k + 1] + 1 - on);
  }
  // Above the last click everything was looked at; below it each step down has to be one of silence.
  for (std::size_t k = below; k < slots; ++k) {
    if (k == 0) continue;
    const double on = goes_on(session, k - 1, session.clicks[k - 1]), seen = on * result.silence[k];
    const double either = seen + 1 - on;
    result.examined[k] = either > 0 ? result.examined[k - 1] * seen / either : 0;
  }
  return result;
}

std::vector<ClickModel::NamedRates> ChainModel::rates() const {
  return {{"attractiveness", attraction_.get(), space_->documents}};
}

}  // namespace pagewright
