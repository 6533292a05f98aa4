#include "core/page/page_codec.hpp"

#include "core/base/error.hpp"

namespace pagewright {
namespace {

/// place[candidate] = j with order[j] == candidate.
std::vector<std::int32_t> codec_places(const CandidateOrder& order) {
  std::vector<std::int32_t> places(order.size(), -1);
  for (std::size_t j = 0; j < order.size(); ++j) {
    const std::int32_t candidate = order[j];
    require(candidate >= 0 && static_cast<std::size_t>(candidate) < order.size(),
            "candidate order of {} names candidate {}", order.size(), candidate);
    require(places[static_cast<std::size_t>(candidate)] < 0, "candidate order names candidate {} twice",
            candidate);
    places[static_cast<std::size_t>(candidate)] = static_cast<std::int32_t>(j);
  }
  return places;
}

/// Reads tokens one by one until the first problem.
class PageReader {
 public:
  PageReader(const LayoutVocabulary& vocabulary, const CandidateOrder& order)
      : vocabulary_(vocabulary), order_(order) {}

  /// The cause of a problem, or nothing.
  const char* take(TokenId token, int position) {
    if (result_.spans.page_end >= 0) return "trailing_tokens";
    if (vocabulary_.is_item(token)) return take_item(token, position);
    if (vocabulary_.is_section(token)) return open_section(token);
    if (token == vocabulary_.section_end()) return close_section();
    if (token == vocabulary_.page_end()) return end_page(position);
    return "unknown_token";
  }

  DecodedPage finish(const char* problem) && {
    if (problem != nullptr)
      result_.problem = problem;
    else if (result_.spans.page_end < 0)
      result_.problem = "truncated";
    return std::move(result_);
  }

 private:
  const char* take_item(TokenId token, int position) {
    if (!in_section_) return "item_outside_section";
    const auto place = static_cast<std::size_t>(vocabulary_.item_position(token));
    if (place >= order_.size()) return "unknown_item";
    PageSection& section = result_.page.sections.back();
    SlotSpan span;
    span.section = static_cast<int>(result_.page.sections.size()) - 1;
    span.section_type = section.type;
    span.slot = static_cast<int>(section.items.size());
    span.candidate = order_[place];
    span.token = position;
    section.items.push_back(span.candidate);
    result_.spans.slots.push_back(span);
    return nullptr;
  }

  const char* open_section(TokenId token) {
    if (in_section_) return "missing_section_end";
    result_.page.sections.push_back({vocabulary_.section_type(token), {}});
    in_section_ = true;
    return nullptr;
  }

  const char* close_section() {
    if (!in_section_) return "section_end_outside_section";
    in_section_ = false;
    return nullptr;
  }

  const char* end_page(int position) {
    if (in_section_) return "missing_section_end";
    result_.spans.page_end = position;
    return nullptr;
  }

  const LayoutVocabulary& vocabulary_;
  const CandidateOrder& order_;
  DecodedPage result_;
  bool in_section_ = false;
};

}  // namespace

EncodedPage encode_page(const LayoutVocabulary& vocabulary, const CandidateOrder& order, const Page& page) {
  const std::vector<std::int32_t> places = codec_places(order);
  EncodedPage encoded;
  encoded.tokens.reserve(static_cast<std::size_t>(page.slot_count()) + 2 * page.sections.size() + 1);
  for (std::size_t s = 0; s < page.sections.size(); ++s) {
    const PageSection& section = page.sections[s];
    require(section.type >= 0 && section.type < vocabulary.section_types(),
            "section {} of the page has type {}, but the schema has {} section types", s, section.type,
            vocabulary.section_types());
    encoded.tokens.push_back(vocabulary.section(section.type));
    for (std::size_t slot = 0; slot < section.items.size(); ++slot) {
      const std::int32_t candidate = section.items[slot];
      require(candidate >= 0 && static_cast<std::size_t>(candidate) < places.size(),
              "slot {} of section {} holds candidate {}, but the request has {} candidates", slot, s,
              candidate, places.size());
      const std::int32_t place = places[static_cast<std::size_t>(candidate)];
      require(place < vocabulary.max_candidates(),
              "candidate place {} has no pointer token: raise max_candidates", place);
      encoded.spans.slots.push_back({static_cast<int>(s), section.type, static_cast<int>(slot), candidate,
                                     static_cast<int>(encoded.tokens.size())});
      encoded.tokens.push_back(vocabulary.item(place));
    }
    encoded.tokens.push_back(vocabulary.section_end());
  }
  encoded.spans.page_end = static_cast<int>(encoded.tokens.size());
  encoded.tokens.push_back(vocabulary.page_end());
  return encoded;
}

DecodedPage decode_page(const LayoutVocabulary& vocabulary, const CandidateOrder& order,
                        std::span<const TokenId> tokens) {
  PageReader reader(vocabulary, order);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (const char* problem = reader.take(tokens[i], static_cast<int>(i)))
      return std::move(reader).finish(problem);
  return std::move(reader).finish(nullptr);
}

TokenBags response_input(const LayoutVocabulary& vocabulary, const Prompt& prompt,
                         std::span<const TokenId> tokens) {
  TokenBags bags;
  bags.offsets.reserve(tokens.size() + 1);
  bags.ids.reserve(tokens.size() * 4);
  std::vector<TokenId> bag;
  for (const TokenId token : tokens) {
    bag.assign(1, token);
    if (vocabulary.is_item(token)) {
      const int place = vocabulary.item_position(token);
      if (place < prompt.candidate_fields.size()) {
        const std::span<const TokenId> fields = prompt.candidate_fields.at(place);
        bag.insert(bag.end(), fields.begin(), fields.end());
      }
    }
    bags.push(bag);
  }
  return bags;
}

}  // namespace pagewright
