#pragma once
// Names that make simulated pages readable.

#include <string>

namespace pagewright {

/// "running shoes", "rain jackets", ...; the names of a small shop, then numbered departments.
std::string category_name(int category);

/// A made-up brand; different numbers give different names.
std::string brand_name(int brand);

/// "Velora rain jackets 417, blue".
std::string item_title(int category, int brand, int product, int variant);

}  // namespace pagewright
