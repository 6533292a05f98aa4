#pragma once
// One field of a prompt template, such as {price|bucket:16:log:100:100000} or {title|text:24}: which value,
// and how it becomes tokens.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/page/vocabulary.hpp"

namespace pagewright {

/// Where in the template a field stands; it decides which sources there are.
enum class TemplateGroup { context, history, candidate };

/// A field renders to exactly one token of its own table (bucket or hash), or to words for the tokenizer of a
/// language model.
struct TemplateField {
  enum class Kind { bucket, hash, text };
  /// The value. Texts (hashed): query, id, title, category, brand, seller, currency, context. Numbers
  /// (bucketed): the others, and a context value that reads as a number. Any of them can be words.
  enum class Value {
    query,    ///< the request's query
    context,  ///< Request::context[name]
    id,       ///< of the item, as are the next eight
    title,
    category,
    brand,
    seller,
    currency,
    price,          ///< minor units
    ad,             ///< 0 or 1
    feature,        ///< Item::features[name]
    rank,           ///< candidate's place in the order of the request, from 0
    price_rank,     ///< share of the candidates that are cheaper, in [0, 1)
    history_count,  ///< actions of the whole history on the candidate's id
    last_touched,   ///< actions after the latest one on the candidate's id; absent if there was none
    last_action,    ///< kind of that latest one, as `action`
    action,         ///< kind of a history action: 0 view, 1 click, 2 cart, 3 purchase
    age             ///< seconds from a history action to the request; absent if either time is unknown
  };

  std::string source;  ///< as written: "price", "context.device", "features.quality", ...
  Kind kind = Kind::hash;
  int size = 0;    ///< buckets or hash table size, without the token for "absent"; most tokens of a text
  double low = 0;  ///< bucket range
  double high = 1;
  bool log_scale = false;
  TokenId first_token = 0;  ///< token of bucket 0; first_token + size = absent
  Value value = Value::id;  ///< `source`, understood
  std::string name;         ///< NAME of context.NAME and features.NAME

  bool operator==(const TemplateField&) const = default;

  TokenId absent() const { return first_token + size; }
  /// Token of a number: `size` equal buckets over [low, high] (of the logarithm with log_scale); numbers
  /// outside go to the outer buckets, a NaN is absent.
  TokenId number(double number) const;
  /// Token of a text by a stable hash; an empty text is absent.
  TokenId text(std::string_view text) const;
  /// Fields with equal keys share one token table: the source's leaf name, kind, size and range.
  std::string table_key() const;
  /// The field as it would be written with its range spelled out.
  std::string str() const;
};

/// Reads "{SOURCE|bucket:SIZE[:log][:LOW:HIGH]}", "{SOURCE|hash:SIZE}" or "{SOURCE|text[:TOKENS]}". Throws
/// Error with what is wrong and what would be right.
TemplateField parse_template_field(std::string_view text, TemplateGroup group);

}  // namespace pagewright
