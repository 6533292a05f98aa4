#include "core/page/currency.hpp"

namespace pagewright {

int minor_digits(std::string_view currency) {
  for (const std::string_view none : {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
                                      "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"})
    if (currency == none) return 0;
  for (const std::string_view three : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
    if (currency == three) return 3;
  return 2;
}

}  // namespace pagewright
