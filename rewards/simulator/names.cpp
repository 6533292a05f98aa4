#include "rewards/simulator/names.hpp"

#include <array>

#include <fmt/format.h>

namespace pagewright {

std::string category_name(int category) {
  static constexpr std::array kNames = {"running shoes", "rain jackets", "backpacks",  "tents",
                                        "headlamps",     "sunglasses",   "yoga mats",  "bike lights",
                                        "water bottles", "swimwear",     "ski gloves", "camping stoves"};
  const auto index = static_cast<std::size_t>(category);
  return index < kNames.size() ? kNames[index] : fmt::format("department {}", category + 1);
}

std::string brand_name(int brand) {
  static constexpr std::array kFirst = {"Vel", "Tor", "Nim", "Quo", "Bra", "Sel", "Ark", "Lun"};
  static constexpr std::array kSecond = {"ora", "ento", "aris", "eko", "undo", "ix", "amo", "essa"};
  const auto index = static_cast<std::size_t>(brand);
  const std::size_t names = kFirst.size() * kSecond.size();
  // 9 has no common factor with 64, so that the first 64 names differ and neighbours do not look alike.
  const std::size_t place = (index * 9) % names;
  const std::string name = fmt::format("{}{}", kFirst[place % kFirst.size()], kSecond[place / kFirst.size()]);
  return index < names ? name : fmt::format("{} {}", name, index / names + 1);
}

std::string item_title(int category, int brand, int product, int variant) {
  static constexpr std::array kVariants = {"blue",  "green", "red",    "black",
                                           "white", "grey",  "yellow", "orange"};
  const auto colour = static_cast<std::size_t>(variant);
  const std::string suffix =
      colour < kVariants.size() ? kVariants[colour] : fmt::format("colour {}", variant + 1);
  return fmt::format("{} {} {}, {}", brand_name(brand), category_name(category), product, suffix);
}

}  // namespace pagewright
