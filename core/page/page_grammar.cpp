#include "core/page/page_grammar.hpp"

#include "core/base/error.hpp"
#include "core/page/page_conflict.hpp"
#include "core/page/page_moves.hpp"

namespace pagewright {
namespace {

bool request_has_a_page(const PageSchema& schema, const Request& request, const CandidateOrder& order) {
  const ItemPool pool(schema, request, order);
  const PageStructure structure(schema, PageStructure::ads_matter(schema) ? pool.forced : ForcedSlots());
  return PageMoves(structure, pool, schema.max_ads, structure.start(), {}).can_complete();
}

[[noreturn]] void fail_without_page(const PageSchema& schema, const Request& request,
                                    const CandidateOrder& order) {
  const int needed = least_slots(schema);
  const std::size_t count = request.candidates.size();
  if (static_cast<std::size_t>(needed) > count)
    fail("the schema needs at least {} items, but request {} has {} candidates", needed, request.id, count);
  const std::string rules = conflicting_rules(
      schema, [&](const PageSchema& relaxed) { return request_has_a_page(relaxed, request, order); });
  std::size_t ads = 0;
  for (const Item& item : request.candidates) ads += item.ad ? 1 : 0;
  fail("request {} ({} candidates, {} of them ads) has no page; these rules cannot be kept together: {}",
       request.id, count, ads, rules.empty() ? "the slot ranges and numbers of the sections" : rules);
}

void check_grammar_order(const LayoutVocabulary& vocabulary, const Request& request,
                         const CandidateOrder& order) {
  const std::size_t count = request.candidates.size();
  require(count <= static_cast<std::size_t>(vocabulary.max_candidates()),
          "request {} has {} candidates, but max_candidates is {}: raise it in the schema", request.id, count,
          vocabulary.max_candidates());
  std::vector<bool> seen(count, false);
  for (const std::int32_t candidate : order) {
    const auto index = static_cast<std::size_t>(candidate);
    require(candidate >= 0 && index < count && !seen[index],
            "the order of request {} is no permutation of its {} candidates", request.id, count);
    seen[index] = true;
  }
  require(order.size() == count, "request {} has {} candidates, but its order has {}", request.id, count,
          order.size());
}

}  // namespace

struct PageGrammar::Rules {
  LayoutVocabulary vocabulary;
  ItemPool pool;
  std::shared_ptr<const PageStructure> structure;
  std::optional<int> max_ads;

  PageMoves moves(const State& state) const {
    return PageMoves(*structure, pool, max_ads, state.node_, state.placed_);
  }
  int index(TokenId token) const { return token - vocabulary.layout_begin(); }
};

PageGrammar::PageGrammar(const PageSchema& schema, const LayoutVocabulary& vocabulary, const Request& request,
                         CandidateOrder order, PageStructureCache& structures) {
  check_grammar_order(vocabulary, request, order);
  require(vocabulary.section_types() == static_cast<int>(schema.section_types.size()),
          "the vocabulary has {} section types, but the schema has {}", vocabulary.section_types(),
          schema.section_types.size());
  ItemPool pool(schema, request, order);
  std::shared_ptr<const PageStructure> structure =
      structures.get(PageStructure::ads_matter(schema) ? pool.forced : ForcedSlots());
  rules_ =
      std::make_unique<const Rules>(Rules{vocabulary, std::move(pool), std::move(structure), schema.max_ads});
  const State first = start();
  const bool possible =
      with_context("request " + request.id, [&] { return rules_->moves(first).can_complete(); });
  if (!possible) fail_without_page(schema, request, order);
}

PageGrammar::PageGrammar(const PageSchema& schema, const LayoutVocabulary& vocabulary, const Request& request,
                         CandidateOrder order) {
  PageStructureCache structures(schema);
  *this = PageGrammar(schema, vocabulary, request, std::move(order), structures);
}

PageGrammar::~PageGrammar() = default;
PageGrammar::PageGrammar(PageGrammar&&) noexcept = default;
PageGrammar& PageGrammar::operator=(PageGrammar&&) noexcept = default;

PageGrammar::State PageGrammar::start() const {
  State state;
  state.node_ = rules_->structure->start();
  state.placed_set_.assign(static_cast<std::size_t>(rules_->pool.candidates) / 64 + 1, 0);
  return state;
}

void PageGrammar::allowed(const State& state, std::vector<std::int32_t>& layout_indices) const {
  layout_indices.clear();
  if (state.finished_) return;
  const LayoutVocabulary& vocabulary = rules_->vocabulary;
  PageMoves moves = rules_->moves(state);
  if (moves.may_end()) layout_indices.push_back(rules_->index(vocabulary.page_end()));
  if (moves.may_close()) layout_indices.push_back(rules_->index(vocabulary.section_end()));
  for (const PageStructure::Opening& opening : rules_->structure->openings(state.node_))
    if (moves.may_open(opening.node))
      layout_indices.push_back(rules_->index(vocabulary.section(opening.type)));
  if (!moves.may_place_anything()) return;
  for (std::int32_t j = 0; j < rules_->pool.candidates; ++j)
    if (!state.placed(j) && moves.may_place(j)) layout_indices.push_back(rules_->index(vocabulary.item(j)));
}

void PageGrammar::advance(State& state, TokenId token) const {
  const LayoutVocabulary& vocabulary = rules_->vocabulary;
  const PageStructure& structure = *rules_->structure;
  PageMoves moves = rules_->moves(state);
  int next = PageStructure::kNowhere;
  if (state.finished_) {
    fail("token {} comes after the page's end", token);
  } else if (vocabulary.is_item(token)) {
    const int place = vocabulary.item_position(token);
    if (place < rules_->pool.candidates && !state.placed(place) && moves.may_place(place)) {
      next = structure.after_item(state.node_, rules_->pool.ad[static_cast<std::size_t>(place)] != 0);
      state.placed_.push_back(place);
      state.placed_set_[static_cast<std::size_t>(place) / 64] |= std::uint64_t{1} << (place % 64);
    }
  } else if (token == vocabulary.section_end()) {
    if (moves.may_close()) next = structure.after_section_end(state.node_);
  } else if (token == vocabulary.page_end()) {
    if (moves.may_end()) next = state.node_;
    state.finished_ = next != PageStructure::kNowhere;
  } else {
    for (const PageStructure::Opening& opening : structure.openings(state.node_))
      if (vocabulary.section(opening.type) == token && moves.may_open(opening.node)) next = opening.node;
  }
  require(next != PageStructure::kNowhere,
          "token {} is not allowed after {} placed items: no valid page begins so", token, state.slots());
  state.node_ = next;
}

PageGrammar::Masks PageGrammar::masks(std::span<const TokenId> response) const {
  Masks masks;
  State state = start();
  std::vector<std::int32_t> step;
  for (const TokenId token : response) {
    allowed(state, step);
    masks.indices.insert(masks.indices.end(), step.begin(), step.end());
    masks.offsets.push_back(static_cast<std::int32_t>(masks.indices.size()));
    advance(state, token);
  }
  return masks;
}

}  // namespace pagewright
