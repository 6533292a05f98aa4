#pragma once
#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// Rows first, then items in a row: each row of the page is scanned or not, by itself, and a scanned row is
/// looked at from its first item on until the user leaves it. One probability for each kind of position:
/// of scanning the row for its first slot, of going on from the slot before for the others. The same user
/// either scans a row or not, so that clicks in a row come together, which a position-based model cannot say.
/// After the idea of the carousel click model (Rahdari, Kveton, Brusilovsky 2022) that rows are browsed
/// before items; there the user leaves at the first click, here a page may have several. EM over how far each
/// row was looked at, which is exact: a row of n slots has n + 1 cases.
class CarouselModel : public ClickModel {
 public:
  std::string name() const override { return "carousel"; }
  void start(const ClickSpace& space, const ClickFit& fit) override;
  void step(const ClickSessions& train) override;
  bool closed_form() const override { return false; }
  void click_probabilities(const ClickSession& session, std::span<double> result) const override;
  void given_earlier_clicks(const ClickSession& session, std::span<double> result) const override;
  bool examination(const ClickSession& session, std::span<double> result) const override;

 protected:
  std::vector<NamedRates> rates() const override;

 private:
  /// Slots [begin, end) of one row.
  struct Row {
    std::size_t begin, end;
  };
  static std::vector<Row> rows_of(const ClickSession& session);
  void count(const ClickSession& session, Row row, RateCounts& attracted, RateCounts& reached) const;

  const ClickSpace* space_ = nullptr;
  std::unique_ptr<RateTable> attraction_, reach_;
};

}  // namespace pagewright
