#include "rewards/feedback/debias/pair_bias.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "rewards/feedback/debias/document_scores.hpp"

namespace pagewright {
namespace {

/// Calls visit(i, j) for each clicked slot i and unclicked slot j.
template <class Visit>
void for_each_click_pair(const ClickSession& session, Visit visit) {
  for (std::size_t i = 0; i < session.size(); ++i)
    for (std::size_t j = 0; session.clicks[i] && j < session.size(); ++j)
      if (!session.clicks[j]) visit(i, j);
}

class PairBiasFit {
 public:
  PairBiasFit(const ClickSpace& space, const ClickSessions& train, const PairBiasLearning& learning)
      : train_(train),
        learning_(learning),
        scores_(space, learning.ridge / static_cast<double>(train.size())),
        clicked_(static_cast<std::size_t>(train.longest()), 1.0),
        unclicked_(clicked_),
        lists_(clicked_.size()) {
    for (std::size_t s = 0; s < train.size(); ++s)
      for (std::size_t k = 0; k < train[s].size(); ++k) lists_[k] += 1;
  }

  PairBias run() {
    for (int round = 0; round < learning_.rounds; ++round) {
      const double rate = learning_.rate * (1 - static_cast<double>(round) / learning_.rounds);
      for (int step = 0; step < learning_.steps; ++step) improve_scores(rate);
      improve_biases();
    }
    return {std::move(clicked_), std::move(unclicked_), scores_.values()};
  }

 private:
  double score(const ClickSession& session, std::size_t k) const {
    return scores_.values()[static_cast<std::size_t>(session.documents[k])];
  }

  void improve_scores(double rate) {
    std::vector<double> gradient(scores_.values().size());
    const auto lists = static_cast<double>(train_.size());
    for (std::size_t s = 0; s < train_.size(); ++s) {
      const ClickSession session = train_[s];
      for_each_click_pair(session, [&](std::size_t i, std::size_t j) {
        const double wrong = 1 / (1 + std::exp(score(session, i) - score(session, j)));
        const double push = wrong / (clicked_[i] * unclicked_[j]) / lists;
        gradient[static_cast<std::size_t>(session.documents[i])] += push;
        gradient[static_cast<std::size_t>(session.documents[j])] -= push;
      });
    }
    scores_.ascend(gradient, rate);
  }

  void improve_biases() {
    std::vector<double> by_clicked(clicked_.size()), by_unclicked(clicked_.size());
    for (std::size_t s = 0; s < train_.size(); ++s) {
      const ClickSession session = train_[s];
      for_each_click_pair(session, [&](std::size_t i, std::size_t j) {
        const double loss = std::log1p(std::exp(score(session, j) - score(session, i)));
        by_clicked[i] += loss / unclicked_[j] / lists_[i];
        by_unclicked[j] += loss / clicked_[i] / lists_[j];
      });
    }
    set_bias(by_clicked, clicked_, "clicked");
    set_bias(by_unclicked, unclicked_, "left unclicked");
  }

  void set_bias(const std::vector<double>& loss, std::vector<double>& bias, const char* what) const {
    constexpr double kLowest = 0.01;
    require(loss[0] > 0,
            "gains: estimator: pairwise: the first slot is never {} where another is not, so slots cannot be "
            "compared with it",
            what);
    for (std::size_t k = 0; k < bias.size(); ++k)
      bias[k] = std::max(std::pow(loss[k] / loss[0], 1 / (learning_.regulariser + 1)), kLowest);
  }

  const ClickSessions& train_;
  const PairBiasLearning& learning_;
  DocumentScores scores_;
  std::vector<double> clicked_, unclicked_;
  std::vector<double> lists_;  ///< [longest] lists that have the slot
};

}  // namespace

PairBias fit_pair_bias(const ClickSpace& space, const ClickSessions& train,
                       const PairBiasLearning& learning) {
  return PairBiasFit(space, train, learning).run();
}

}  // namespace pagewright
