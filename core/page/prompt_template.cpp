#include "core/page/prompt_template.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>

#include "core/base/error.hpp"
#include "core/base/sha256.hpp"
#include "core/config/section.hpp"
#include "core/page/candidate_facts.hpp"

namespace pagewright {
namespace {

using FieldValue = TemplateField::Value;
using FieldList = std::vector<TemplateField>;

/// Fields of one key; a field that cannot be read is a complaint at the key.
FieldList read_fields(const Section& section, const char* key, TemplateGroup group, const char* doc) {
  std::vector<std::string> texts;
  section.read(key, texts, doc);
  FieldList fields;
  for (const std::string& text : texts) {
    try {
      fields.push_back(parse_template_field(text, group));
      if (fields.back().kind == TemplateField::Kind::text)
        section.complain(key,
                         fmt::format("{} needs a tokenizer: set model.path (not available for models trained "
                                     "from scratch)",
                                     text));
    } catch (const Error& error) {
      section.complain(key, error.what());
    }
  }
  return fields;
}

/// `fused` or `tokens`, not both.
FieldList read_group(const Section& section, TemplateGroup group, bool& fused) {
  FieldList together =
      read_fields(section, "fused", group, "fields summed into one position, as {brand|hash:64}");
  FieldList apart = read_fields(section, "tokens", group, "fields with a position each, in place of `fused`");
  if (!together.empty() && !apart.empty())
    section.complain("tokens", "give either `fused` or `tokens`, not both");
  fused = apart.empty();
  return fused ? together : apart;
}

double context_number(const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size())
    return std::numeric_limits<double>::quiet_NaN();
  return value;
}

TokenId context_token(const TemplateField& field, const Request& request) {
  if (field.value == FieldValue::query) return field.text(request.query);
  const auto found = request.context.find(field.name);
  if (found == request.context.end()) return field.absent();
  return field.kind == TemplateField::Kind::hash ? field.text(found->second)
                                                 : field.number(context_number(found->second));
}

TokenId item_token(const TemplateField& field, const Item& item) {
  switch (field.value) {
    case FieldValue::id:
      return field.text(item.id);
    case FieldValue::title:
      return field.text(item.title);
    case FieldValue::category:
      return field.text(item.category);
    case FieldValue::brand:
      return field.text(item.brand);
    case FieldValue::seller:
      return field.text(item.seller);
    case FieldValue::currency:
      return field.text(item.currency);
    case FieldValue::price:
      return item.price ? field.number(static_cast<double>(*item.price)) : field.absent();
    case FieldValue::ad:
      return field.number(item.ad ? 1 : 0);
    case FieldValue::feature: {
      const auto found = item.features.find(field.name);
      return found == item.features.end() ? field.absent() : field.number(found->second);
    }
    default:
      fail("field {} is not of an item", field.str());
  }
}

TokenId action_token(const TemplateField& field, const Request& request, const HistoryAction& action) {
  if (field.value == FieldValue::action) return field.number(static_cast<int>(action.kind));
  if (field.value != FieldValue::age) return item_token(field, action.item);
  if (action.timestamp == 0 || request.timestamp == 0) return field.absent();
  return field.number(static_cast<double>(request.timestamp - action.timestamp));
}

TokenId candidate_token(const TemplateField& field, const Item& item, int rank, const CandidateFacts& facts) {
  switch (field.value) {
    case FieldValue::rank:
      return field.number(rank);
    case FieldValue::price_rank:
      return field.number(facts.price_rank);
    case FieldValue::history_count:
      return field.number(facts.history_count);
    case FieldValue::last_touched:
      return facts.last_touched < 0 ? field.absent() : field.number(facts.last_touched);
    case FieldValue::last_action:
      return facts.last_touched < 0 ? field.absent() : field.number(static_cast<int>(facts.last_action));
    default:
      return item_token(field, item);
  }
}

bool uses_any(const FieldList& fields, std::initializer_list<FieldValue> values) {
  return std::any_of(fields.begin(), fields.end(), [&](const TemplateField& field) {
    return std::find(values.begin(), values.end(), field.value) != values.end();
  });
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

PromptTemplate PromptTemplate::from(const Section& section) {
  PromptTemplate result;
  result.context_ = read_fields(section, "context", TemplateGroup::context,
                                "fields of the request, one position each, as {context.device|hash:8}");
  const Section history = section.child("history", "the user's last actions");
  history.read("last", result.history_last_, in_closed(0, 4096).in_units("actions"),
               "how many actions the prompt shows");
  result.history_ = read_group(history, TemplateGroup::history, result.history_fused_);
  if (result.history_last_ > 0 && result.history_.empty())
    history.complain("last", "history.last needs fields: give history.fused or history.tokens");
  if (result.history_last_ == 0 && !result.history_.empty())
    history.complain("last", "history has fields but shows no action: set history.last above 0");
  result.candidate_ =
      read_group(section.child("candidate", "the candidates, each starting with its pointer token"),
                 TemplateGroup::candidate, result.candidate_fused_);
  section.read("placed_features", result.placed_features_,
               "whether an item on the page carries the embeddings of its candidate's fields");
  result.assign_tables();
  return result;
}

void PromptTemplate::assign_tables() {
  std::map<std::string, TokenId> tables;
  base_size_ = kBos + 1;
  for (FieldList* group : {&context_, &history_, &candidate_}) {
    for (TemplateField& field : *group) {
      if (field.kind == TemplateField::Kind::text) continue;
      const auto [table, is_new] = tables.emplace(field.table_key(), base_size_);
      field.first_token = table->second;
      if (is_new) base_size_ += field.size + 1;
    }
  }
}

bool PromptTemplate::uses_logged_rank() const {
  return uses_any(candidate_, {FieldValue::rank});
}

int PromptTemplate::max_positions(int candidates) const {
  const int per_action = history_fused_ ? 1 : static_cast<int>(history_.size());
  const int per_candidate = candidate_fused_ ? 1 : 1 + static_cast<int>(candidate_.size());
  return 2 + static_cast<int>(context_.size()) + history_last_ * per_action + candidates * per_candidate;
}

void PromptTemplate::push_context(const Request& request, TokenBags& out) const {
  for (const TemplateField& field : context_) out.push(context_token(field, request));
}

void PromptTemplate::push_history(const Request& request, TokenBags& out) const {
  const std::size_t actions = request.history.size();
  const std::size_t shown = std::min(actions, static_cast<std::size_t>(history_last_));
  std::vector<TokenId> bag;
  for (std::size_t a = actions - shown; a < actions; ++a) {
    bag.clear();
    for (const TemplateField& field : history_)
      bag.push_back(action_token(field, request, request.history[a]));
    if (history_fused_)
      out.push(bag);
    else
      for (const TokenId token : bag) out.push(token);
  }
}

Prompt PromptTemplate::render(const Request& request, CandidateOrder order,
                              const LayoutVocabulary& vocabulary) const {
  require(vocabulary.base_size() >= base_size_,
          "the vocabulary has {} base tokens, but the template needs {}", vocabulary.base_size(), base_size_);
  for (const FieldList* group : {&context_, &history_, &candidate_})
    for (const TemplateField& field : *group)
      require(field.kind != TemplateField::Kind::text,
              "{} needs a tokenizer: set model.path (not available for models trained from scratch)",
              field.str());
  check_order(request, order, vocabulary);

  std::vector<CandidateFacts> facts(request.candidates.size());
  if (uses_any(candidate_, {FieldValue::price_rank})) rank_prices(request, facts);
  if (uses_any(candidate_, {FieldValue::history_count, FieldValue::last_touched, FieldValue::last_action}))
    count_touches(request, facts);

  Prompt prompt;
  prompt.order = std::move(order);
  const std::size_t positions =
      static_cast<std::size_t>(max_positions(static_cast<int>(prompt.order.size())));
  prompt.tokens.offsets.reserve(positions + 1);
  prompt.tokens.ids.reserve(positions * (candidate_.size() + 1));
  prompt.candidate_position.reserve(prompt.order.size());
  prompt.tokens.push(kBos);
  push_context(request, prompt.tokens);
  push_history(request, prompt.tokens);
  std::vector<TokenId> bag;
  for (std::size_t j = 0; j < prompt.order.size(); ++j) {
    const std::int32_t index = prompt.order[j];
    const Item& item = request.candidates[static_cast<std::size_t>(index)];
    bag.assign(1, vocabulary.item(static_cast<int>(j)));
    for (const TemplateField& field : candidate_)
      bag.push_back(candidate_token(field, item, index, facts[static_cast<std::size_t>(index)]));
    if (candidate_fused_)
      prompt.tokens.push(bag);
    else
      for (const TokenId token : bag) prompt.tokens.push(token);
    prompt.candidate_position.push_back(prompt.tokens.size() - 1);
    const std::span<const TokenId> fields = std::span<const TokenId>(bag).subspan(1);
    prompt.candidate_fields.push(placed_features_ ? fields : std::span<const TokenId>());
  }
  prompt.tokens.push(vocabulary.page_start());
  return prompt;
}

std::string PromptTemplate::hash() const {
  std::string text = "pagewright prompt template 1\n";
  for (const FieldList* group : {&context_, &history_, &candidate_}) {
    text += fmt::format("{} fields\n", group->size());
    for (const TemplateField& field : *group)
      text += fmt::format("{} at {}\n", field.str(), field.first_token);
  }
  text += fmt::format("last {} history_fused {} candidate_fused {} placed_features {}\n", history_last_,
                      history_fused_, candidate_fused_, placed_features_);
  return sha256_hex(text);
}

}  // namespace pagewright
