#pragma once
#include <string>

namespace pagewright {

/// The shortest decimal text that reads back to the same bits: "0.1", "1e+20", "inf", "nan".
std::string shortest_text(double value);
std::string shortest_text(float value);

}  // namespace pagewright
