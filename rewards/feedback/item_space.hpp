#pragma once
// How far apart two items are, for negatives that are hard because they are near.

#include <map>
#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// Distances between items, a pure function of the training requests' candidates.
///
/// With a `vector_prefix`, the features whose names begin with it are the item's vector (missing ones are 0),
/// and the distance is 1 - cosine; 1 where a vector is zero.
///
/// Without, five parts are added up, each of which is 1 on average for two candidates that have nothing to do
/// with each other (after Gower 1971): category, brand and seller count 1 if they differ; (z1 - z2)^2 / 2 of
/// the standardised log(price + 1); the mean of (z1 - z2)^2 / 2 over the features. A value that one of the
/// two lacks counts 1, one that both lack 0.
class ItemSpace {
 public:
  ItemSpace(const FeedbackLog& log, std::string vector_prefix);

  double distance(const Item& first, const Item& second) const;

 private:
  /// Mean and standard deviation over the training candidates.
  struct Scale {
    double sum = 0, squares = 0, count = 0;
    void add(double value);
    /// (first - second)^2 / (2 variance); 0 where nothing varies.
    double gap(double first, double second) const;
  };
  double cosine_distance(const Item& first, const Item& second) const;

  std::string vector_prefix_;
  Scale price_;
  std::map<std::string, Scale> features_;
};

}  // namespace pagewright
