#pragma once
// The shapes of pages without their items: which sections may follow, how many slots, and where ads may
// stand.
//
// Note [Page completions]
// What can still become of a page splits into two questions that meet in two numbers only. The structure
// (sections, slot ranges, places where ads may or must stand, the gap between ads) decides which numbers of
// ads `a` and of other items `n` can fill the rest of the page; the items (no repetition, caps, price bands,
// pinned items) decide for which (a, n) there is a set of items. Within one kind, ad or other, any item can
// take any slot, except pinned ones, whose slots are part of the structure. So a prefix can be completed if
// and only if some (a, n) answers both. The first question is an automaton with a table of (a, n) per node,
// made once per schema; the second is item_selection.hpp.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "core/page/page_schema.hpp"

namespace pagewright {

/// A set of pairs (ads, others).
class CompletionSet {
 public:
  CompletionSet(const std::uint64_t* words, int rows, int row_words)
      : words_(words), rows_(rows), row_words_(row_words) {}

  bool contains(int ads, int others) const;
  /// Limits of pairs, all inclusive.
  struct Box {
    int least_ads = 0;
    int most_ads = 0;
    int least_others = 0;
    int most_others = 0;
    int least_total = 0;
    int most_total = 0;
  };
  bool meets(const Box& box) const;

 private:
  bool any_in_row(int row, int low, int high) const;

  const std::uint64_t* words_;  ///< [rows][row_words], bit n of row a
  int rows_;
  int row_words_;
};

/// A slot whose kind is given by the item pinned there.
using ForcedSlots = std::vector<std::pair<int, bool>>;  ///< (page-order slot, ad), by slot

/// Automaton over the layout tokens, items told apart by kind (ad or other) alone. Immutable.
class PageStructure {
 public:
  /// Throws Error if the schema's sections combine in too many ways (300,000 states).
  PageStructure(const PageSchema& schema, const ForcedSlots& forced);

  /// Whether ads and other items differ at all under the schema; if not, every item counts as no ad.
  static bool ads_matter(const PageSchema& schema);

  static constexpr int kNowhere = -1;
  struct Opening {
    int type;
    int node;
  };
  int start() const { return start_; }
  std::span<const Opening> openings(int node) const;
  int after_section_end(int node) const { return nodes_[static_cast<std::size_t>(node)].close; }
  int after_item(int node, bool ad) const { return nodes_[static_cast<std::size_t>(node)].place[ad ? 1 : 0]; }
  bool may_end(int node) const { return nodes_[static_cast<std::size_t>(node)].may_end; }
  /// The (ads, others) with which the page can be completed from a node.
  CompletionSet completions(int node) const;

 private:
  struct Node {
    std::int32_t close = kNowhere;
    std::int32_t place[2] = {kNowhere, kNowhere};
    std::int32_t first_opening = 0;
    std::int32_t openings = 0;
    bool may_end = false;
  };
  class Builder;

  std::vector<Node> nodes_;
  std::vector<Opening> openings_;
  std::vector<std::uint64_t> words_;  ///< [nodes][rows][row_words]
  int rows_ = 1;
  int row_words_ = 1;
  int start_ = 0;
};

/// The structures of one schema, made when first asked for and kept. Safe to share between threads.
class PageStructureCache {
 public:
  explicit PageStructureCache(PageSchema schema) : schema_(std::move(schema)) {}
  std::shared_ptr<const PageStructure> get(const ForcedSlots& forced);

 private:
  PageSchema schema_;
  std::mutex mutex_;
  std::map<ForcedSlots, std::shared_ptr<const PageStructure>> made_;
};

}  // namespace pagewright
