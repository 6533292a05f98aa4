#pragma once
// What prices in minor units mean.

#include <string_view>

namespace pagewright {

/// ISO 4217's code for prices whose currency nobody named.
inline constexpr std::string_view kNoCurrency = "XXX";

/// Decimals of a currency's minor unit after ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD; 2 for a code that is
/// not known.
int minor_digits(std::string_view currency);

}  // namespace pagewright
