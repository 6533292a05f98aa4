#pragma once
// Settings of the swap credit: `rewards.swap`.

namespace pagewright {

class Section;

/// What stands in a slot instead, to see what its item is worth there.
enum class SwapWith {
  later,   ///< the item of a later slot, which takes this one's
  unused,  ///< a candidate that is not on the page
  both
};

struct SwapConfig {
  SwapWith with = SwapWith::both;
  int variants = 8;  ///< pages that a slot is compared with, at most
  static SwapConfig from(const Section& section);
};

}  // namespace pagewright
