#include "tests/core/page/random_pages_support.hpp"

#include <numeric>

namespace pagewright {
namespace {

bool chance(CounterRandom& random, double probability) {
  return random.uniform() < probability;
}

int between(CounterRandom& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

std::string one_of_values(CounterRandom& random, const char* prefix, int values) {
  const int value = between(random, 0, values);
  return value == 0 ? "" : prefix + std::to_string(value);
}

void add_random_rules(CounterRandom& random, const RandomPageSizes& sizes, PageSchema& schema) {
  if (chance(random, 0.3)) schema.max_ads = between(random, 0, 2);
  if (chance(random, 0.3)) schema.min_ad_gap = between(random, 1, 2);
  for (const char* attribute : {"brand", "seller", "category"})
    if (chance(random, 0.4)) schema.caps.push_back({attribute, between(random, 1, 2)});
  while (chance(random, 0.3) && schema.price_bands.size() < 3) {
    PriceBand band;
    band.min_price = between(random, 0, 3) * 100;
    if (chance(random, 0.7)) band.max_price = band.min_price + between(random, 1, 3) * 100;
    band.min_count = between(random, 0, 2);
    if (chance(random, 0.5)) band.max_count = band.min_count + between(random, 0, 1);
    schema.price_bands.push_back(band);
  }
  for (int item = 0; item < 2; ++item)
    if (chance(random, 0.15)) {
      PinnedItem pin{"item" + std::to_string(between(random, 0, sizes.candidates - 1)), {}};
      if (chance(random, 0.6)) pin.slot = between(random, 0, 2);
      schema.pinned.push_back(pin);
    }
  while (chance(random, 0.2))
    schema.slot_rules.push_back(
        {between(random, 0, 3), chance(random, 0.5) ? SlotRule::Kind::only_ads : SlotRule::Kind::forbid_ads});
}

}  // namespace

PageSchema random_schema(CounterRandom& random, const RandomPageSizes& sizes) {
  PageSchema schema;
  const int types = between(random, 1, sizes.section_types);
  for (int t = 0; t < types; ++t) {
    SectionType type;
    type.name = "type" + std::to_string(t);
    type.min_slots = between(random, 1, 2);
    type.max_slots = std::max(type.min_slots, between(random, 1, sizes.max_slots));
    if (chance(random, 0.15))
      type.ads_only = true;
    else if (chance(random, 0.2))
      type.ads_allowed = false;
    schema.section_types.push_back(type);
  }
  schema.min_sections = between(random, 1, 2);
  schema.max_sections = between(random, schema.min_sections, 2);
  schema.repeat_sections = chance(random, 0.4);
  if (chance(random, 0.3))
    for (int i = between(random, 1, 2); i > 0; --i)
      schema.section_order.push_back(between(random, 0, types - 1));
  schema.max_candidates = sizes.candidates + between(random, 0, 3);
  add_random_rules(random, sizes, schema);
  return schema;
}

Request random_request(CounterRandom& random, const RandomPageSizes& sizes) {
  Request request;
  request.id = "r1";
  for (int i = 0; i < sizes.candidates; ++i) {
    Item item;
    item.id = "item" + std::to_string(i);
    item.brand = one_of_values(random, "b", sizes.values);
    item.seller = one_of_values(random, "s", sizes.values);
    item.category = one_of_values(random, "c", sizes.values);
    if (chance(random, 0.85)) item.price = between(random, 0, 6) * 100;
    item.ad = chance(random, 0.35);
    request.candidates.push_back(item);
  }
  return request;
}

CandidateOrder random_order(CounterRandom& random, const Request& request) {
  CandidateOrder order(request.candidates.size());
  std::iota(order.begin(), order.end(), 0);
  random.shuffle(std::span(order));
  return order;
}

namespace {

struct BruteForce {
  const PageSchema& schema;
  const LayoutVocabulary& vocabulary;
  const Request& request;
  const CandidateOrder& order;
  int most_sections;
  std::set<std::vector<TokenId>> found;
  Page page;
  std::vector<bool> used;

  void try_page() {
    if (page_violations(schema, request, page).empty())
      found.insert(encode_page(vocabulary, order, page).tokens);
    if (static_cast<int>(page.sections.size()) == most_sections) return;
    for (int type = 0; type < static_cast<int>(schema.section_types.size()); ++type) {
      page.sections.push_back({type, {}});
      fill_section();
      page.sections.pop_back();
    }
  }

  void fill_section() {
    const std::size_t most = static_cast<std::size_t>(
        schema.section_types[static_cast<std::size_t>(page.sections.back().type)].max_slots);
    if (!page.sections.back().items.empty()) try_page();
    if (page.sections.back().items.size() == most) return;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) continue;
      used[i] = true;
      page.sections.back().items.push_back(static_cast<std::int32_t>(i));
      fill_section();
      page.sections.back().items.pop_back();
      used[i] = false;
    }
  }
};

void walk_on(const PageGrammar& grammar, const LayoutVocabulary& vocabulary, const PageGrammar::State& state,
             std::vector<TokenId>& prefix, std::set<std::vector<TokenId>>& found) {
  std::vector<std::int32_t> allowed;
  grammar.allowed(state, allowed);
  if (allowed.empty()) found.insert(prefix);
  for (const std::int32_t index : allowed) {
    PageGrammar::State next = state;
    const TokenId token = vocabulary.layout_begin() + index;
    grammar.advance(next, token);
    prefix.push_back(token);
    walk_on(grammar, vocabulary, next, prefix, found);
    prefix.pop_back();
  }
}

}  // namespace

std::set<std::vector<TokenId>> valid_responses(const PageSchema& schema, const LayoutVocabulary& vocabulary,
                                               const Request& request, const CandidateOrder& order,
                                               int most_sections) {
  BruteForce search{schema, vocabulary, request, order, most_sections, {}, {}, {}};
  search.used.assign(request.candidates.size(), false);
  search.try_page();
  return std::move(search.found);
}

std::set<std::vector<TokenId>> walked_responses(const PageGrammar& grammar,
                                                const LayoutVocabulary& vocabulary) {
  std::set<std::vector<TokenId>> found;
  std::vector<TokenId> prefix;
  walk_on(grammar, vocabulary, grammar.start(), prefix, found);
  return found;
}

}  // namespace pagewright
