#include "core/page/prompt_template.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/sha256.hpp"
#include "core/page/candidate_facts.hpp"
#include "core/page/field_value.hpp"
#include "core/page/prompt_writer.hpp"

namespace pagewright {
namespace {

using FieldValue = TemplateField::Value;

bool uses_any(const TemplateParts& parts, std::initializer_list<FieldValue> values) {
  return std::ranges::any_of(parts, [&](const TemplatePart& part) {
    return part.field && std::ranges::find(values, part.field->value) != values.end();
  });
}

void write_part(const TemplatePart& part, const FieldPlace& place, PromptWriter& out) {
  if (!part.field)
    out.words(part.words);
  else if (part.is_text())
    out.value(field_words(*part.field, place), part.field->size);
  else
    out.token(field_token(*part.field, place));
}

void check_order(const Request& request, const CandidateOrder& order, const LayoutVocabulary& vocabulary) {
  const std::size_t count = request.candidates.size();
  require(count <= static_cast<std::size_t>(vocabulary.max_candidates()),
          "request {} has {} candidates, but max_candidates is {}: raise it in the schema", request.id, count,
          vocabulary.max_candidates());
  require(order.size() == count, "request {} has {} candidates, but its order has {}", request.id, count,
          order.size());
  std::vector<bool> seen(count, false);
  for (const std::int32_t candidate : order) {
    const auto index = static_cast<std::size_t>(candidate);
    require(candidate >= 0 && index < count && !seen[index],
            "the order of request {} is no permutation of its {} candidates", request.id, count);
    seen[index] = true;
  }
}

}  // namespace

/// A prompt in the making.
struct PromptTemplate::Draft {
  PromptWriter writer;
  Prompt prompt;
};

bool PromptTemplate::has_text() const {
  const auto any_text = [](const TemplateParts& parts) {
    return std::ranges::any_of(parts, &TemplatePart::is_text);
  };
  return any_text(context_) || any_text(history_) || any_text(candidate_) || !history_heading_.empty() ||
         !candidate_heading_.empty() || !end_.empty();
}

bool PromptTemplate::uses_logged_rank() const {
  return uses_any(candidate_, {FieldValue::rank});
}

bool PromptTemplate::candidate_shows(TemplateField::Value value) const {
  return uses_any(candidate_, {value});
}

bool PromptTemplate::is_plain_tokens() const {
  const bool tables =
      std::ranges::any_of(candidate_, [](const TemplatePart& part) { return !part.is_text(); });
  const bool sums_history = history_last_ > 0 && history_fused_ && history_.size() > 1;
  return !sums_history && !(tables && (candidate_fused_ || placed_features_));
}

void PromptTemplate::limit_positions(int most) {
  limit_ = max_tokens_ > 0 ? std::min(max_tokens_, most) : most;
}

int PromptTemplate::words_size(const std::string& words) const {
  if (words.empty()) return 0;
  int size = 0;
  for (const Tokenizer::MarkedText& part : tokenizer_->split_specials(words, table_begin_))
    size += part.id >= 0 ? 1 : static_cast<int>(tokenizer_->encode_plain(part.text).size());
  return size;
}

int PromptTemplate::marks_of(const std::string& words) const {
  if (!tokenizer_) return 0;
  const std::vector<Tokenizer::MarkedText> cut = tokenizer_->split_specials(words, table_begin_);
  return static_cast<int>(std::ranges::count_if(cut, [](const auto& part) { return part.id >= 0; }));
}

int PromptTemplate::marks_of(const TemplateParts& parts) const {
  int marks = 0;
  for (const TemplatePart& part : parts)
    if (!part.field) marks += marks_of(part.words);
  return marks;
}

int PromptTemplate::most_of(const TemplateParts& parts) const {
  int most = 0;
  for (const TemplatePart& part : parts)
    most += !part.field ? words_size(part.words) : part.is_text() ? part.field->size : 1;
  return most;
}

int PromptTemplate::most_positions(int candidates) const {
  const int action = history_fused_ ? 1 : most_of(history_);
  const int candidate = candidate_fused_ ? 1 : 1 + most_of(candidate_);
  const int first = tokenizer_ ? static_cast<int>(tokenizer_->prompt_prefix().size()) : 1;
  return first + most_of(context_) + words_size(history_heading_) + history_last_ * action +
         words_size(candidate_heading_) + candidates * candidate + words_size(end_) + 1;
}

int PromptTemplate::least_positions(int candidates) const {
  const auto tables =
      std::ranges::count_if(candidate_, [](const TemplatePart& part) { return !part.is_text(); });
  const int candidate = candidate_fused_ ? 1 : 1 + static_cast<int>(tables) + marks_of(candidate_);
  const int whole = candidate_fused_ ? 1 : 1 + most_of(candidate_);
  const int action = history_fused_ ? 1 : most_of(history_);
  return most_positions(candidates) - history_last_ * action - candidates * (whole - candidate);
}

void PromptTemplate::write_history(const Request& request, int actions, PromptWriter& out) const {
  out.words(history_heading_);
  const std::size_t all = request.history.size();
  std::vector<TokenId> bag;
  for (std::size_t a = all - std::min(all, static_cast<std::size_t>(actions)); a < all; ++a) {
    const FieldPlace place{
        .request = &request, .action = &request.history[a], .item = &request.history[a].item};
    if (!history_fused_) {
      for (const TemplatePart& part : history_) write_part(part, place, out);
      continue;
    }
    bag.clear();
    for (const TemplatePart& part : history_) bag.push_back(field_token(*part.field, place));
    out.token(bag);
  }
}

void PromptTemplate::write_candidate_words(const FieldPlace& place, int most, PromptWriter& out) const {
  out.limit_runs(most);
  for (const TemplatePart& part : candidate_) {
    if (!part.is_text() && most >= 0) out.cut_run(most);
    write_part(part, place, out);
  }
  out.limit_runs(-1);
  if (most >= 0) out.cut_run(most);
}

void PromptTemplate::write_candidates(const Request& request, const LayoutVocabulary& vocabulary, int words,
                                      Draft& out) const {
  std::vector<CandidateFacts> facts(request.candidates.size());
  if (uses_any(candidate_, {FieldValue::price_rank})) rank_prices(request, facts);
  if (uses_any(candidate_, {FieldValue::history_count, FieldValue::last_touched, FieldValue::last_action}))
    count_touches(request, facts);
  Prompt& prompt = out.prompt;
  std::vector<TokenId> fields, bag;
  for (std::size_t j = 0; j < prompt.order.size(); ++j) {
    const auto index = static_cast<std::size_t>(prompt.order[j]);
    const FieldPlace place{.request = &request,
                           .item = &request.candidates[index],
                           .rank = static_cast<int>(index),
                           .facts = &facts[index]};
    fields.clear();
    for (const TemplatePart& part : candidate_)
      if (!part.is_text()) fields.push_back(field_token(*part.field, place));
    bag.assign(1, vocabulary.item(static_cast<int>(j)));
    if (candidate_fused_) bag.insert(bag.end(), fields.begin(), fields.end());
    out.writer.token(bag);
    if (j > 0) prompt.candidate_position.push_back(out.writer.tokens().size() - 2);
    if (!candidate_fused_) write_candidate_words(place, words, out.writer);
    prompt.candidate_fields.push(placed_features_ ? std::span<const TokenId>(fields)
                                                  : std::span<const TokenId>());
  }
}

PromptTemplate::Draft PromptTemplate::write(const Request& request, const CandidateOrder& order,
                                            const LayoutVocabulary& vocabulary, int actions,
                                            int candidate_words, bool spelled) const {
  Draft draft{PromptWriter(tokenizer_ ? &*tokenizer_ : nullptr, table_begin_, spelled), {}};
  draft.prompt.order = order;
  draft.prompt.candidate_position.reserve(order.size());
  if (!tokenizer_)
    draft.writer.token(kBos);
  else
    for (const TokenId id : tokenizer_->prompt_prefix()) draft.writer.token(id);
  for (const TemplatePart& part : context_) write_part(part, {.request = &request}, draft.writer);
  write_history(request, actions, draft.writer);
  draft.writer.words(candidate_heading_);
  write_candidates(request, vocabulary, candidate_words, draft);
  draft.writer.words(end_);
  draft.writer.token(vocabulary.page_start());
  if (!order.empty()) draft.prompt.candidate_position.push_back(draft.writer.tokens().size() - 2);
  return draft;
}

PromptTemplate::Draft PromptTemplate::write_to_fit(const Request& request, const CandidateOrder& order,
                                                   const LayoutVocabulary& vocabulary, bool spelled) const {
  const int actions = static_cast<int>(
      std::min<std::size_t>(request.history.size(), static_cast<std::size_t>(history_last_)));
  constexpr int kNoLimit = -1;
  Draft draft = write(request, order, vocabulary, actions, kNoLimit, spelled);
  const auto fits = [&] { return limit_ == 0 || draft.writer.tokens().size() <= limit_; };
  if (fits()) return draft;
  // The most that fits, by halving: `most` actions are too many, `least` may fit.
  const auto most_that_fits = [&](int least, int most, const auto& attempt) {
    while (most - least > 1) {
      const int middle = (least + most) / 2;
      draft = attempt(middle);
      (fits() ? least : most) = middle;
    }
    draft = attempt(least);
  };
  most_that_fits(0, actions, [&](int n) { return write(request, order, vocabulary, n, kNoLimit, spelled); });
  if (!fits())
    most_that_fits(0, std::max(1, most_of(candidate_)),
                   [&](int n) { return write(request, order, vocabulary, 0, n, spelled); });
  require(
      fits(),
      "request {}: its prompt of {} candidates is {} tokens without actions and without words of candidates, "
      "but there is room for {}: shorten the template's fixed words and context, or take a model with a "
      "longer "
      "context",
      request.id, order.size(), draft.writer.tokens().size(), limit_);
  draft.prompt.shortened = true;
  return draft;
}

Prompt PromptTemplate::render(const Request& request, CandidateOrder order,
                              const LayoutVocabulary& vocabulary) const {
  require(vocabulary.base_size() >= base_size_,
          "the vocabulary has {} base tokens, but the template needs {}", vocabulary.base_size(), base_size_);
  check_order(request, order, vocabulary);
  Draft draft = write_to_fit(request, order, vocabulary, false);
  draft.prompt.tokens = draft.writer.take_tokens();
  return std::move(draft.prompt);
}

std::string PromptTemplate::render_text(const Request& request, CandidateOrder order,
                                        const LayoutVocabulary& vocabulary, const PageSchema& schema) const {
  check_order(request, order, vocabulary);
  const Draft draft = write_to_fit(request, order, vocabulary, true);
  std::string text;
  std::size_t skipped = tokenizer_ ? tokenizer_->prompt_prefix().size() : 0;
  for (const PromptWriter::Piece& piece : draft.writer.pieces()) {
    if (skipped > 0) {
      --skipped;
      continue;
    }
    text += piece.words;
    for (const TokenId id : piece.bag)
      text += id >= vocabulary.layout_begin()   ? vocabulary.name(id, schema)
              : tokenizer_ && id < table_begin_ ? tokenizer_->token(id)
                                                : table_token_name(id);
  }
  return text;
}

std::string PromptTemplate::table_token_name(TokenId id) const {
  if (!tokenizer_ && id == kBos) return "<bos>";
  for (const TemplateParts* group : {&context_, &history_, &candidate_})
    for (const TemplatePart& part : *group) {
      if (part.is_text() || id < part.field->first_token || id > part.field->absent()) continue;
      const std::string key = part.field->table_key();
      return fmt::format("<{}={}>", key.substr(1, key.size() - 2), id - part.field->first_token);
    }
  fail("token {} is of no field of the template", id);
}

std::string PromptTemplate::hash() const {
  std::string text = "pagewright prompt template 1\n";
  for (const TemplateParts* group : {&context_, &history_, &candidate_})
    text += fmt::format("{} fields\n", group->size()) + template_parts_text(*group);
  text += fmt::format("last {} history_fused {} candidate_fused {} placed_features {}\n", history_last_,
                      history_fused_, candidate_fused_, placed_features_);
  if (tokenizer_)
    text += fmt::format("tokenizer {} headings {}\n{}\n{}\n limit {}\n", tokenizer_->hash(), history_heading_,
                        candidate_heading_, end_, limit_);
  // Before such words spelled special tokens they were ordinary text: another prompt.
  if (marks_of(context_) + marks_of(history_) + marks_of(candidate_) + marks_of(history_heading_) +
          marks_of(candidate_heading_) + marks_of(end_) >
      0)
    text += "marks 1\n";
  return sha256_hex(text);
}

}  // namespace pagewright
