#include "rewards/credit/swap_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

SwapConfig SwapConfig::from(const Section& section) {
  SwapConfig config;
  section.read_enum("with", config.with,
                    {{"later", SwapWith::later}, {"unused", SwapWith::unused}, {"both", SwapWith::both}},
                    "what a slot's item is compared with: later, the items of later slots, which change "
                    "places with it; unused, candidates that are not on the page; both");
  section.read("variants", config.variants, at_least(1).in_units("pages a slot"),
               "pages that a slot is compared with, at most; if there are more, so many are drawn");
  return config;
}

}  // namespace pagewright
