#pragma once
// What a click and a purchase are worth.

#include <cmath>

namespace pagewright {

/// Graded gain of a slot: click * [clicked] + cart * [put into the cart] + purchase * [bought] * (price /
/// price_ref)^price_power - dismissal * [dismissed]. Carts and purchases add to the gain of their click.
struct GainWeights {
  double click = 1;
  double purchase = 5;
  double price_power = 1;  ///< 0: a purchase is worth the same at every price
  double price_ref = 1;    ///< mean purchased price of the training pages, minor units
  double dismissal = 0;    ///< taken off where the user dismissed the item
  double cart = 0;         ///< above 0, a cart implies its click

  /// Worth of a purchase at `price` (minor units, what was paid in all), its click not counted.
  double purchase_gain(double price) const {
    return price_power == 0 ? purchase : purchase * std::pow(price / price_ref, price_power);
  }
};

}  // namespace pagewright
