#include "core/page/vocabulary.hpp"

#include <limits>

#include "core/base/error.hpp"

namespace pagewright {

LayoutVocabulary::LayoutVocabulary(TokenId base_size, int section_types, int max_candidates)
    : base_size_(base_size), section_types_(section_types), max_candidates_(max_candidates) {
  require(base_size >= 0, "the base vocabulary has {} tokens; it cannot have fewer than 0", base_size);
  require(section_types >= 1, "a page language needs at least one section type");
  require(max_candidates >= 1, "a page language needs at least one pointer token: set max_candidates");
  constexpr std::int64_t kLimit = std::numeric_limits<TokenId>::max();
  const std::int64_t total = std::int64_t{base_size} + 3 + section_types + max_candidates;
  require(total <= kLimit, "a vocabulary of {} tokens is too large; at most {} are possible", total, kLimit);
}

std::string LayoutVocabulary::name(TokenId id, const PageSchema& schema) const {
  if (id == page_start()) return kPageStart;
  if (id == page_end()) return "</page>";
  if (id == section_end()) return "</section>";
  if (is_item(id)) return fmt::format("<item:{}>", item_position(id));
  if (is_section(id)) {
    const auto type = static_cast<std::size_t>(section_type(id));
    if (type < schema.section_types.size())
      return fmt::format("<section:{}>", schema.section_types[type].name);
    return fmt::format("<section:{}>", type);
  }
  return fmt::format("<token:{}>", id);
}

}  // namespace pagewright
