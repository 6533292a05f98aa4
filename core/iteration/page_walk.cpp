#include "core/iteration/page_walk.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {

PageWalk::PageWalk(const PageLanguage& language, const KeyedRequest& request, const SampleOptions& options)
    : language_(&language),
      request_(request.request),
      key_(request.key),
      order_(language.candidate_order(*request.request, options.iteration,
                                      static_cast<std::uint64_t>(request.key))),
      place_of_(order_.size()),
      grammar_(language.grammar(*request.request, order_)),
      state_(grammar_.start()) {
  for (std::size_t place = 0; place < order_.size(); ++place)
    place_of_[static_cast<std::size_t>(order_[place])] = static_cast<std::int32_t>(place);
  refresh();
}

void PageWalk::refresh() {
  grammar_.allowed(state_, allowed_);
  items_.clear();
  const std::int32_t first_item = language_->vocabulary().structure_size();
  for (const std::int32_t index : allowed_)
    if (index >= first_item) items_.push_back(order_[static_cast<std::size_t>(index - first_item)]);
}

void PageWalk::take(std::int32_t layout_index, float log_prob) {
  const TokenId token = language_->vocabulary().layout_begin() + layout_index;
  grammar_.advance(state_, token);
  tokens_.push_back(token);
  log_probs_.push_back(log_prob);
  refresh();
}

void PageWalk::place(std::int32_t candidate) {
  require(candidate >= 0 && static_cast<std::size_t>(candidate) < place_of_.size(),
          "page walk: candidate {} is not one of the {} of request '{}'", candidate, place_of_.size(),
          request_->id);
  take(language_->vocabulary().structure_size() + place_of_[static_cast<std::size_t>(candidate)]);
}

void PageWalk::take_structure() {
  const LayoutVocabulary& vocabulary = language_->vocabulary();
  const auto index_of = [&](TokenId token) { return token - vocabulary.layout_begin(); };
  const auto is_allowed = [&](std::int32_t index) {
    return std::binary_search(allowed_.begin(), allowed_.end(), index);
  };
  for (int type = 0; type < vocabulary.section_types(); ++type)
    if (const std::int32_t index = index_of(vocabulary.section(type)); is_allowed(index)) return take(index);
  const std::int32_t section_end = index_of(vocabulary.section_end());
  take(is_allowed(section_end) ? section_end : index_of(vocabulary.page_end()));
}

void PageWalk::restart() {
  state_ = grammar_.start();
  tokens_.clear();
  log_probs_.clear();
  refresh();
}

Trajectory PageWalk::trajectory(int sample) const {
  require(finished(), "page walk: the page for request '{}' is not finished", request_->id);
  DecodedPage decoded = language_->decode(order_, tokens_);
  Trajectory result;
  result.request = key_;
  result.sample = sample;
  result.order = order_;
  result.tokens = tokens_;
  result.log_probs = log_probs_;
  result.page = std::move(decoded.page);
  result.spans = std::move(decoded.spans);
  result.invalid_cause = std::move(decoded.problem);
  return result;
}

Trajectory PageWalk::closed_with(std::int32_t candidate, int sample) const {
  require(std::find(items_.begin(), items_.end(), candidate) != items_.end(),
          "page walk: candidate {} cannot be placed next on the page for request '{}'", candidate,
          request_->id);
  Trajectory result;
  result.request = key_;
  result.sample = sample;
  result.order = order_;
  result.page = language_->decode(order_, tokens_).page;
  result.page.sections.back().items.push_back(candidate);
  EncodedPage encoded = language_->encode(order_, result.page);
  result.tokens = std::move(encoded.tokens);
  result.spans = std::move(encoded.spans);
  result.log_probs.assign(result.tokens.size(), 0.0f);
  return result;
}

}  // namespace pagewright
