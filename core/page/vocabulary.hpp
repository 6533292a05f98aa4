#pragma once
// Token ids: base vocabulary (field tokens of the template, later a tokenizer's), then layout tokens, then
// pointer tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "core/page/page_schema.hpp"

namespace pagewright {

using TokenId = std::int32_t;

/// Layout tokens are appended after the base vocabulary, contiguous, in this order:
///   page_start, page_end, section_end, one per section type, <item:0> .. <item:max_candidates-1>.
/// "Layout index" = token id - layout_begin(); the layout head scores exactly these `layout_size()` rows.
class LayoutVocabulary {
 public:
  static constexpr const char* kPageStart = "<page>";  ///< spelling of the first layout token

  LayoutVocabulary() = default;
  LayoutVocabulary(TokenId base_size, int section_types, int max_candidates);

  TokenId base_size() const { return base_size_; }
  TokenId size() const { return base_size_ + layout_size(); }
  TokenId layout_begin() const { return base_size_; }
  int layout_size() const { return 3 + section_types_ + max_candidates_; }
  int structure_size() const { return 3 + section_types_; }  ///< layout tokens that are no pointers
  int max_candidates() const { return max_candidates_; }
  int section_types() const { return section_types_; }

  TokenId page_start() const { return base_size_; }
  TokenId page_end() const { return base_size_ + 1; }
  TokenId section_end() const { return base_size_ + 2; }
  TokenId section(int type) const { return base_size_ + 3 + type; }
  TokenId item(int position) const { return base_size_ + 3 + section_types_ + position; }

  bool is_item(TokenId id) const { return id >= item(0) && id < size(); }
  bool is_section(TokenId id) const { return id >= section(0) && id < item(0); }
  int item_position(TokenId id) const { return id - item(0); }  ///< place in the candidate order
  int section_type(TokenId id) const { return id - section(0); }
  /// "<page>", "</page>", "</section>", "<section:NAME>", "<item:3>".
  std::string name(TokenId id, const PageSchema& schema) const;

 private:
  TokenId base_size_ = 0;
  int section_types_ = 0;
  int max_candidates_ = 0;
};

}  // namespace pagewright
