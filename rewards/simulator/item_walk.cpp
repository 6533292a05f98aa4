#include "rewards/simulator/item_walk.hpp"

#include <vector>

#include "core/page/page_schema.hpp"

namespace pagewright {

LayoutVocabulary layout_only(const PageSchema& schema) {
  return LayoutVocabulary(0, static_cast<int>(schema.section_types.size()), schema.max_candidates);
}

Page walk_page(const PageGrammar& grammar, const LayoutVocabulary& vocabulary,
               const PageDecisions& decisions) {
  Page page;
  PageGrammar::State state = grammar.start();
  std::vector<std::int32_t> layout, placed, items;
  std::vector<TokenId> structure;
  while (!state.finished()) {
    grammar.allowed(state, layout);
    items.clear();
    structure.clear();
    for (const std::int32_t index : layout) {
      const TokenId token = vocabulary.layout_begin() + index;
      if (vocabulary.is_item(token))
        items.push_back(vocabulary.item_position(token));
      else
        structure.push_back(token);
    }
    if (!items.empty()) {
      PageSection& section = page.sections.back();
      const SlotPlace place{static_cast<int>(page.sections.size()) - 1,
                            static_cast<int>(section.items.size())};
      const std::int32_t chosen = decisions.item({section.type, place, placed, items});
      grammar.advance(state, vocabulary.item(chosen));
      section.items.push_back(chosen);
      placed.push_back(chosen);
      continue;
    }
    const TokenId token = structure.size() == 1 ? structure.front() : decisions.structure(structure);
    grammar.advance(state, token);
    if (vocabulary.is_section(token)) page.sections.push_back({vocabulary.section_type(token), {}});
  }
  return page;
}

}  // namespace pagewright
