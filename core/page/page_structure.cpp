#include "core/page/page_structure.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kMostStructureNodes = 300'000;
constexpr std::size_t kMostStructureWords = 8'000'000;
constexpr int kDeepestStructure = 4'000;  ///< tokens of the longest page; visit() recurses once per token

}  // namespace

/// A place in a page's structure. `used` is the index into section_order, the number of sections so far (if
/// they may repeat), or the set of types so far; type is -1 between sections; slot only counts where rules
/// name slots.
struct StructurePlace {
  std::uint64_t used = 0;
  int type = -1;
  int slots_in_section = 0;
  int slot = 0;
  int since_ad = 0;
  bool operator==(const StructurePlace&) const = default;
};

struct StructurePlaceHash {
  std::size_t operator()(const StructurePlace& place) const {
    std::uint64_t hash = mix64(place.used + 1);
    for (const int part : {place.type, place.slots_in_section, place.slot, place.since_ad})
      hash = mix64(hash ^ (static_cast<std::uint64_t>(part) + 0x9E3779B97F4A7C15ull));
    return static_cast<std::size_t>(hash);
  }
};

bool CompletionSet::contains(int ads, int others) const {
  if (ads < 0 || ads >= rows_ || others < 0) return false;
  return any_in_row(ads, others, others);
}

bool CompletionSet::any_in_row(int row, int low, int high) const {
  low = std::max(low, 0);
  high = std::min(high, row_words_ * 64 - 1);
  if (low > high) return false;
  const std::uint64_t* words = words_ + static_cast<std::ptrdiff_t>(row) * row_words_;
  for (int word = low / 64; word <= high / 64; ++word) {
    std::uint64_t bits = words[word];
    if (word == low / 64) bits &= ~std::uint64_t{0} << (low % 64);
    if (word == high / 64) bits &= ~std::uint64_t{0} >> (63 - high % 64);
    if (bits != 0) return true;
  }
  return false;
}

bool CompletionSet::meets(const Box& box) const {
  const int last = std::min(box.most_ads, rows_ - 1);
  for (int ads = std::max(box.least_ads, 0); ads <= last; ++ads)
    if (any_in_row(ads, std::max(box.least_others, box.least_total - ads),
                   std::min(box.most_others, box.most_total - ads)))
      return true;
  return false;
}

bool PageStructure::ads_matter(const PageSchema& schema) {
  const bool by_section =
      std::any_of(schema.section_types.begin(), schema.section_types.end(),
                  [](const SectionType& type) { return type.ads_only || !type.ads_allowed; });
  return by_section || schema.max_ads || schema.min_ad_gap > 0 || !schema.slot_rules.empty();
}

/// Makes nodes depth first; a node's completions are the union over its tokens of what follows.
class PageStructure::Builder {
 public:
  Builder(PageStructure& out, const PageSchema& schema, const ForcedSlots& forced)
      : out_(out), schema_(schema), ads_matter_(ads_matter(schema)) {
    require(!schema.section_types.empty(), "the schema has no section types");
    require(by_order() || schema.repeat_sections || schema.section_types.size() <= 64,
            "the schema has {} section types, each at most once in any order; beyond 64 give section_order "
            "or set "
            "repeat_sections",
            schema.section_types.size());
    if (ads_matter_) read_slot_rules(forced);
    const int slots = schema.max_slots();
    out_.row_words_ = slots / 64 + 1;
    out_.rows_ = ads_matter_ ? std::min(slots, schema.max_ads.value_or(slots)) + 1 : 1;
    out_.rows_ = std::max(out_.rows_, 1);
  }

  int visit(const StructurePlace& place) {
    const auto found = ids_.find(place);
    if (found != ids_.end()) return found->second;
    check_size();
    ++depth_;
    Node node;
    std::vector<Opening> openings;
    std::vector<std::uint64_t> set(set_words(), 0);
    if (place.type < 0)
      leave_or_open(place, node, openings, set);
    else
      fill_or_close(place, node, set);
    const int id = static_cast<int>(out_.nodes_.size());
    --depth_;
    node.first_opening = static_cast<std::int32_t>(out_.openings_.size());
    node.openings = static_cast<std::int32_t>(openings.size());
    out_.openings_.insert(out_.openings_.end(), openings.begin(), openings.end());
    out_.nodes_.push_back(node);
    out_.words_.insert(out_.words_.end(), set.begin(), set.end());
    ids_.emplace(place, id);
    return id;
  }

  StructurePlace first() const {
    StructurePlace place;
    place.since_ad = gap();
    return place;
  }

 private:
  bool by_order() const { return !schema_.section_order.empty(); }
  int gap() const { return ads_matter_ ? schema_.min_ad_gap : 0; }
  std::size_t set_words() const {
    return static_cast<std::size_t>(out_.rows_) * static_cast<std::size_t>(out_.row_words_);
  }

  void check_size() const {
    require(depth_ < kDeepestStructure,
            "the schema allows pages of more than {} tokens: lower max_sections or max_slots",
            kDeepestStructure);
    require(
        out_.nodes_.size() < kMostStructureNodes && out_.words_.size() + set_words() <= kMostStructureWords,
        "the schema's sections and ad rules combine in too many ways (more than {} states or {} table "
        "words): "
        "give section_order, set repeat_sections, or lower max_sections, max_slots or min_ad_gap",
        kMostStructureNodes, kMostStructureWords);
  }

  void read_slot_rules(const ForcedSlots& forced) {
    for (const SlotRule& rule : schema_.slot_rules)
      forbid(rule.slot, rule.kind == SlotRule::Kind::forbid_ads);
    for (const auto& [slot, ad] : forced) forbid(slot, !ad);
  }

  /// From now on the slot must not hold an ad, or must not hold anything else.
  void forbid(int slot, bool ads) {
    const auto index = static_cast<std::size_t>(slot);
    if (forbidden_.size() <= index) forbidden_.resize(index + 1, {false, false});
    (ads ? forbidden_[index].second : forbidden_[index].first) = true;
  }

  bool slot_allows(int slot, bool ad) const {
    const auto index = static_cast<std::size_t>(slot);
    if (index >= forbidden_.size()) return true;
    return ad ? !forbidden_[index].second : !forbidden_[index].first;
  }

  void leave_or_open(const StructurePlace& place, Node& node, std::vector<Opening>& openings,
                     std::vector<std::uint64_t>& set) {
    node.may_end = may_end_after(place.used);
    if (node.may_end) set[0] |= 1;
    for (int type = 0; type < static_cast<int>(schema_.section_types.size()); ++type) {
      if (!may_open(place.used, type)) continue;
      StructurePlace next = place;
      next.used = used_after(place.used, type);
      next.type = type;
      next.slots_in_section = 0;
      openings.push_back({type, visit(next)});
      unite(set, openings.back().node);
    }
  }

  void fill_or_close(const StructurePlace& place, Node& node, std::vector<std::uint64_t>& set) {
    const SectionType& type = schema_.section_types[static_cast<std::size_t>(place.type)];
    if (place.slots_in_section >= type.min_slots) {
      StructurePlace next = place;
      next.type = -1;
      next.slots_in_section = 0;
      node.close = visit(next);
      unite(set, node.close);
    }
    if (place.slots_in_section >= type.max_slots) return;
    for (const bool ad : {false, true}) {
      if (!may_place(place, type, ad)) continue;
      StructurePlace next = place;
      ++next.slots_in_section;
      if (next.slot < static_cast<int>(forbidden_.size()))
        ++next.slot;  // beyond the last rule slots are alike
      next.since_ad = ad ? 0 : std::min(place.since_ad + 1, gap());
      node.place[ad ? 1 : 0] = visit(next);
      unite_shifted(set, node.place[ad ? 1 : 0], ad);
    }
  }

  bool may_place(const StructurePlace& place, const SectionType& type, bool ad) const {
    if (!ads_matter_) return !ad;
    if (!slot_allows(place.slot, ad)) return false;
    return ad ? type.ads_allowed && place.since_ad >= gap() : !type.ads_only;
  }

  int sections_of(std::uint64_t used) const {
    if (by_order() || schema_.repeat_sections) return static_cast<int>(used);
    int count = 0;
    for (; used != 0; used &= used - 1) ++count;
    return count;
  }

  bool may_end_after(std::uint64_t used) const {
    if (by_order()) return used == schema_.section_order.size();
    return sections_of(used) >= schema_.min_sections && sections_of(used) <= schema_.max_sections;
  }

  bool may_open(std::uint64_t used, int type) const {
    if (by_order()) return used < schema_.section_order.size() && schema_.section_order[used] == type;
    if (sections_of(used) >= schema_.max_sections) return false;
    return schema_.repeat_sections || (used >> type & 1) == 0;
  }

  std::uint64_t used_after(std::uint64_t used, int type) const {
    return by_order() || schema_.repeat_sections ? used + 1 : used | std::uint64_t{1} << type;
  }

  void unite(std::vector<std::uint64_t>& set, int node) const {
    const std::size_t begin = static_cast<std::size_t>(node) * set_words();
    for (std::size_t i = 0; i < set.size(); ++i) set[i] |= out_.words_[begin + i];
  }

  /// Adds the node's pairs with one more ad, or one more other item.
  void unite_shifted(std::vector<std::uint64_t>& set, int node, bool ad) const {
    const std::size_t begin = static_cast<std::size_t>(node) * set_words();
    const auto row_words = static_cast<std::size_t>(out_.row_words_);
    if (ad) {
      for (std::size_t i = row_words; i < set.size(); ++i) set[i] |= out_.words_[begin + i - row_words];
      return;
    }
    for (std::size_t i = 0; i < set.size(); ++i) {
      set[i] |= out_.words_[begin + i] << 1;
      if (i % row_words != 0) set[i] |= out_.words_[begin + i - 1] >> 63;
    }
  }

  PageStructure& out_;
  const PageSchema& schema_;
  bool ads_matter_;
  int depth_ = 0;
  std::vector<std::pair<bool, bool>> forbidden_;  ///< by slot: (others, ads)
  std::unordered_map<StructurePlace, int, StructurePlaceHash> ids_;
};

PageStructure::PageStructure(const PageSchema& schema, const ForcedSlots& forced) {
  Builder builder(*this, schema, forced);
  start_ = builder.visit(builder.first());
}

std::span<const PageStructure::Opening> PageStructure::openings(int node) const {
  const Node& from = nodes_[static_cast<std::size_t>(node)];
  return std::span(openings_).subspan(static_cast<std::size_t>(from.first_opening),
                                      static_cast<std::size_t>(from.openings));
}

CompletionSet PageStructure::completions(int node) const {
  const auto size = static_cast<std::ptrdiff_t>(rows_) * row_words_;
  return {words_.data() + node * size, rows_, row_words_};
}

std::shared_ptr<const PageStructure> PageStructureCache::get(const ForcedSlots& forced) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const PageStructure>& made = made_[forced];
  if (!made) made = std::make_shared<const PageStructure>(schema_, forced);
  return made;
}

}  // namespace pagewright
