#pragma once
// A page as a shopper would see it.

#include <optional>
#include <span>
#include <string>

#include "core/page/page_schema.hpp"

namespace pagewright {

/// What is said about a slot beside its item.
struct SlotNote {
  bool clicked = false;
  bool carted = false;
  bool bought = false;
  bool fresh = false;             ///< the item is not on the page this one is compared with
  std::optional<int> other_slot;  ///< the item's slot on the other page, if it moved
  std::string why;                ///< HTML of a folded explanation; empty: none
};

/// Sections drawn by their layout: `carousel` and `ad_strip` as a row, `grid` with its columns, everything
/// else as a list, of which slots after the twelfth are folded. `notes` has one entry per slot in page order,
/// or none at all. Items outside the candidates are drawn as unknown.
std::string draw_page(const PageSchema& schema, const Request& request, const Page& page,
                      std::span<const SlotNote> notes);

/// Who asks: query, context and the last actions, as a line of HTML.
std::string draw_shopper(const Request& request);

}  // namespace pagewright
