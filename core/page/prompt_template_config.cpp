#include <map>

#include "core/base/error.hpp"
#include "core/config/section.hpp"
#include "core/page/prompt_template.hpp"

namespace pagewright {
namespace {

/// One entry of a list: a field by itself, or with a tokenizer words and fields.
TemplateParts read_entry(const std::string& text, TemplateGroup group, bool words_allowed,
                         const char* why_not) {
  if (!text.starts_with('{') && text.find('{') == std::string::npos && !words_allowed)
    return {{{}, parse_template_field(text, group)}};
  TemplateParts parts = parse_template_entry(text, group);
  for (const TemplatePart& part : parts)
    require(words_allowed || !part.is_text(), "{} {}",
            part.field ? part.field->str() : "the words `" + part.words + "`", why_not);
  return parts;
}

/// Entries of one key; one that cannot be read is a complaint at the key.
TemplateParts read_parts(const Section& section, const char* key, TemplateGroup group, bool words_allowed,
                         const char* why_not, const char* doc) {
  std::vector<std::string> texts;
  section.read(key, texts, doc);
  TemplateParts parts;
  for (const std::string& text : texts) {
    try {
      for (TemplatePart& part : read_entry(text, group, words_allowed, why_not))
        parts.push_back(std::move(part));
    } catch (const Error& error) {
      section.complain(key, error.what());
    }
  }
  return parts;
}

constexpr const char* kNeedsTokenizer =
    "needs a tokenizer: set model.path (not available for models trained from scratch)";

/// `fused` or `tokens`, not both.
TemplateParts read_group(const Section& section, TemplateGroup group, bool tokenizer, bool& fused) {
  TemplateParts together = read_parts(section, "fused", group, false,
                                      tokenizer ? "has no single embedding: use `tokens`" : kNeedsTokenizer,
                                      "fields summed into one position, as {brand|hash:64}");
  TemplateParts apart = read_parts(
      section, "tokens", group, tokenizer, kNeedsTokenizer,
      "in place of `fused`: fields with positions of their own, and words between them if the model has a "
      "tokenizer, as \" {title|text:24} for {price|text}\"");
  if (!together.empty() && !apart.empty())
    section.complain("tokens", "give either `fused` or `tokens`, not both");
  fused = apart.empty();
  return fused ? together : apart;
}

/// Words between groups.
void read_words(const Section& section, const char* key, std::string& words, bool tokenizer,
                const char* doc) {
  section.read(key, words, doc);
  if (words.empty() || tokenizer) return;
  section.complain(key, std::string(key) + " " + kNeedsTokenizer);
  words.clear();
}

}  // namespace

PromptTemplate PromptTemplate::from(const Section& section, std::optional<Tokenizer> tokenizer,
                                    bool tokenizer_failed) {
  PromptTemplate result;
  const bool words = tokenizer.has_value() || tokenizer_failed;
  result.tokenizer_ = std::move(tokenizer);
  result.placed_features_ = !words;
  result.context_ =
      read_parts(section, "context", TemplateGroup::context, words, kNeedsTokenizer,
                 "fields of the request, as {context.device|hash:8}; with a tokenizer words as well");
  const Section history = section.child("history", "the user's last actions");
  history.read("last", result.history_last_, in_closed(0, 4096).in_units("actions"),
               "how many actions the prompt shows");
  read_words(history, "heading", result.history_heading_, words, "words before the actions");
  result.history_ = read_group(history, TemplateGroup::history, words, result.history_fused_);
  if (result.history_last_ > 0 && result.history_.empty())
    history.complain("last", "history.last needs fields: give history.fused or history.tokens");
  if (result.history_last_ == 0 && !result.history_.empty())
    history.complain("last", "history has fields but shows no action: set history.last above 0");
  const Section candidate =
      section.child("candidate", "the candidates, each starting with its pointer token");
  read_words(candidate, "heading", result.candidate_heading_, words, "words before the candidates");
  result.candidate_ = read_group(candidate, TemplateGroup::candidate, words, result.candidate_fused_);
  read_words(section, "end", result.end_, words, "words between the candidates and the page");
  section.read(
      "placed_features", result.placed_features_,
      "whether an item on the page carries the embeddings of its candidate's fields; not by default with "
      "a tokenizer, so that others can read the page as plain tokens");
  section.read("max_tokens", result.max_tokens_, at_least(0).in_units("tokens"),
               "longest prompt; 0: what the model's context leaves beside the longest page. Longer ones lose "
               "their oldest actions, then words of their candidates, never a candidate");
  result.assign_tables();
  const auto check = [&](const Section& of, const char* key, const TemplateParts& parts) {
    for (const TemplatePart& part : parts)
      if (!part.field)
        result.check_marks(part.words, key, of, &parts == &result.context_ && &part == parts.data());
  };
  check(section, "context", result.context_);
  check(history, "tokens", result.history_);
  check(candidate, "tokens", result.candidate_);
  result.check_marks(result.history_heading_, "heading", history);
  result.check_marks(result.candidate_heading_, "heading", candidate);
  result.check_marks(result.end_, "end", section);
  return result;
}

void PromptTemplate::check_marks(const std::string& words, const char* key, const Section& section,
                                 bool comes_first) const {
  if (!tokenizer_ || words.empty()) return;
  try {
    const std::vector<Tokenizer::MarkedText> parts = tokenizer_->split_specials(words, table_begin_);
    const std::vector<TokenId>& prefix = tokenizer_->prompt_prefix();
    if (comes_first && !prefix.empty() && parts.front().id == prefix.back())
      section.complain(
          key, fmt::format("the tokenizer puts {} first by itself: leave it out", parts.front().text));
  } catch (const Error& error) {
    section.complain(key, error.what());
  }
}

/// Gives each table its tokens from `first` on; returns the first token after them.
TokenId PromptTemplate::assign_tables_from(TokenId first) {
  std::map<std::string, TokenId> tables;
  for (TemplateParts* group : {&context_, &history_, &candidate_})
    for (TemplatePart& part : *group) {
      if (part.is_text()) continue;
      TemplateField& field = *part.field;
      const auto [table, is_new] = tables.emplace(field.table_key(), first);
      field.first_token = table->second;
      if (is_new) first += field.size + 1;
    }
  return first;
}

void PromptTemplate::assign_tables() {
  if (!tokenizer_) {
    base_size_ = assign_tables_from(kBos + 1);
    return;
  }
  table_begin_ = tokenizer_->size();
  base_size_ = assign_tables_from(table_begin_);
  const std::string first_of_ours =
      base_size_ > table_begin_ ? table_token_name(table_begin_) : LayoutVocabulary::kPageStart;
  if (const std::optional<TokenId> exported = tokenizer_->id(first_of_ours)) {
    table_begin_ = *exported;
    base_size_ = assign_tables_from(table_begin_);
  }
}

}  // namespace pagewright
