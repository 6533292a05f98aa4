#include "rewards/clicks/carousel_model.hpp"

#include <algorithm>
#include <numeric>

namespace pagewright {

void CarouselModel::start(const ClickSpace& space, const ClickFit& fit) {
  space_ = &space;
  attraction_ = document_rates(space, fit.attractiveness, fit.ridge);
  reach_ = std::make_unique<RateTable>(space.positions.size(), fit.structure);
}

std::vector<CarouselModel::Row> CarouselModel::rows_of(const ClickSession& session) {
  std::vector<Row> rows;
  for (std::size_t k = 0; k < session.size(); ++k)
    if (k > 0 && session.rows[k] == session.rows[k - 1])
      ++rows.back().end;
    else
      rows.push_back({k, k + 1});
  return rows;
}

void CarouselModel::count(const ClickSession& session, Row row, RateCounts& attracted,
                          RateCounts& reached) const {
  // weight[n]: probability that exactly the first n slots were looked at, with the clicks seen.
  std::vector<double> weight(row.end - row.begin + 1);
  double so_far = 1;  // the first n slots looked at, with their clicks
  for (std::size_t n = 0; n < weight.size(); ++n) {
    const std::size_t k = row.begin + n;
    const double on = k < row.end ? reach_->at(session.positions[k]) : 0;
    weight[n] = so_far * (1 - on);
    if (k == row.end) break;
    if (session.clicks[k]) std::fill_n(weight.begin(), n + 1, 0.0);
    const double alpha = attraction_->at(session.documents[k]);
    so_far *= on * (session.clicks[k] ? alpha : 1 - alpha);
  }
  const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
  if (sum <= 0) return;
  double before = 1;  // P(the slot before was looked at | clicks of the row)
  for (std::size_t n = 0; n + 1 < weight.size(); ++n) {
    const std::size_t k = row.begin + n;
    const double here =
        std::accumulate(weight.begin() + static_cast<std::ptrdiff_t>(n) + 1, weight.end(), 0.0) / sum;
    reached.add(session.positions[k], here, before);
    attracted.add(session.documents[k], session.clicks[k], here);
    before = here;
  }
}

void CarouselModel::step(const ClickSessions& train) {
  RateCounts attracted(attraction_->size()), reached(reach_->size());
  for (std::size_t s = 0; s < train.size(); ++s) {
    const ClickSession session = train[s];
    for (const Row row : rows_of(session)) count(session, row, attracted, reached);
  }
  attraction_->update(attracted);
  reach_->update(reached);
}

bool CarouselModel::examination(const ClickSession& session, std::span<double> result) const {
  for (const Row row : rows_of(session)) {
    double looked = 1;
    for (std::size_t k = row.begin; k < row.end; ++k) result[k] = looked *= reach_->at(session.positions[k]);
  }
  return true;
}

void CarouselModel::click_probabilities(const ClickSession& session, std::span<double> result) const {
  examination(session, result);
  for (std::size_t k = 0; k < session.size(); ++k) result[k] *= attraction_->at(session.documents[k]);
}

void CarouselModel::given_earlier_clicks(const ClickSession& session, std::span<double> result) const {
  for (const Row row : rows_of(session)) {
    double looked = 1;  // P(the slot before was looked at | clicks so far)
    for (std::size_t k = row.begin; k < row.end; ++k) {
      const double here = looked * reach_->at(session.positions[k]);
      const double click = here * attraction_->at(session.documents[k]);
      result[k] = click;
      looked = session.clicks[k] ? 1 : (click < 1 ? (here - click) / (1 - click) : 0);
    }
  }
}

std::vector<ClickModel::NamedRates> CarouselModel::rates() const {
  return {{"attractiveness", attraction_.get(), space_->documents},
          {"reach", reach_.get(), space_->positions}};
}

}  // namespace pagewright
