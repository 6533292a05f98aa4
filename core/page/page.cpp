#include "core/page/page.hpp"

namespace pagewright {

std::vector<std::int32_t> Page::items() const {
  std::vector<std::int32_t> all;
  all.reserve(static_cast<std::size_t>(slot_count()));
  for (const PageSection& section : sections)
    all.insert(all.end(), section.items.begin(), section.items.end());
  return all;
}

int Page::slot_count() const {
  std::size_t count = 0;
  for (const PageSection& section : sections) count += section.items.size();
  return static_cast<int>(count);
}

std::vector<SlotPlace> slot_places(const Page& page) {
  std::vector<SlotPlace> places;
  places.reserve(static_cast<std::size_t>(page.slot_count()));
  for (std::size_t section = 0; section < page.sections.size(); ++section)
    for (std::size_t slot = 0; slot < page.sections[section].items.size(); ++slot)
      places.push_back({static_cast<int>(section), static_cast<int>(slot)});
  return places;
}

}  // namespace pagewright
