// Requests to and from JSON.
#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/page/json_write.hpp"
#include "core/page/page_json.hpp"

namespace pagewright {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kRequestKeys = {"request_id", "user",    "query",   "type",
                                                          "timestamp",  "context", "history", "candidates"};
constexpr std::array<std::string_view, 7> kPageKeys = {
    "page_id",           "policy_id",           "order", "sections", "page_propensity",
    "slot_propensities", "slot_propensity_kind"};
constexpr std::array<std::string_view, 9> kItemKeys = {"id",    "title",  "price", "currency", "category",
                                                       "brand", "seller", "ad",    "features"};
constexpr std::array<std::string_view, 3> kActionKeys = {"action", "timestamp", "item"};
constexpr std::array<std::string_view, 4> kActionNames = {"view", "click", "cart", "purchase"};

Item item_from(const JsonObject& object) {
  object.only(kItemKeys);
  Item item;
  item.id = object.required_text("id");
  item.title = object.text("title");
  if (object.has("price")) {
    try {
      item.price = object.integer("price");
    } catch (const Error&) {
      item.price = -1;
    }
    if (*item.price < 0) object.complain("price", "must be an integer >= 0 in minor units");
  }
  item.currency = object.text("currency");
  item.category = object.text("category");
  item.brand = object.text("brand");
  item.seller = object.text("seller");
  item.ad = object.boolean("ad");
  if (const auto features = object.object("features"))
    for (const std::string& name : features->keys())
      if (const auto value = features->number(name)) item.features.emplace(name, *value);
  return item;
}

HistoryAction action_from(const JsonObject& object) {
  object.only(kActionKeys);
  HistoryAction action;
  const std::string name = object.required_text("action");
  const auto found = std::find(kActionNames.begin(), kActionNames.end(), name);
  if (found == kActionNames.end())
    object.complain("action", "must be view, click, cart or purchase, not " + name);
  action.kind = static_cast<ActionKind>(found - kActionNames.begin());
  action.timestamp = object.integer("timestamp").value_or(0);
  const auto item = object.object("item");
  if (!item) object.complain("item", "missing; it must be an object with at least an id");
  action.item = item_from(*item);
  return action;
}

/// A text that may stand at the top or in the context, but not in both.
std::string text_of_either(const JsonObject& root, const std::optional<JsonObject>& context,
                           std::string_view key) {
  const bool inside = context && context->has(key);
  if (inside && root.has(key)) root.complain(key, "given here and in the context; leave one out");
  return inside ? context->any_text(key) : root.text(key);
}

void read_context(const JsonObject& root, Request& request) {
  const std::optional<JsonObject> context = root.object("context");
  request.user = text_of_either(root, context, "user");
  request.query = text_of_either(root, context, "query");
  if (context)
    for (const std::string& name : context->keys())
      if (name != "user" && name != "query" && context->has(name))
        request.context[name] = context->any_text(name);
  if (root.has("type")) request.context["type"] = text_of_either(root, context, "type");
}

OrderedJson item_to(const Item& item, const std::string& path) {
  OrderedJson json = {{"id", item.id}};
  if (!item.title.empty()) json["title"] = item.title;
  if (item.price) {
    require(*item.price >= 0, "{}.price: must be an integer >= 0 in minor units", path);
    json["price"] = *item.price;
  }
  if (!item.currency.empty()) json["currency"] = item.currency;
  if (!item.category.empty()) json["category"] = item.category;
  if (!item.brand.empty()) json["brand"] = item.brand;
  if (!item.seller.empty()) json["seller"] = item.seller;
  if (item.ad) json["ad"] = true;
  for (const auto& [name, value] : item.features) {
    require(std::isfinite(value), "{}.features.{}: JSON has no number for {}", path, name, value);
    json["features"][name] = value;
  }
  return json;
}

OrderedJson context_to(const Request& request) {
  OrderedJson json = OrderedJson::object();
  if (!request.user.empty()) json["user"] = request.user;
  if (!request.query.empty()) json["query"] = request.query;
  for (const auto& [name, value] : request.context) {
    require(name != "user" && name != "query", "context.{}: this key is kept for Request::{}", name, name);
    if (name != "type") json[name] = value;
  }
  return json;
}

}  // namespace

Request request_from_json(std::string_view text, std::span<const std::string_view> other_keys) {
  const nlohmann::json json = parse_json(text);
  return request_from_json(JsonObject(json, ""), other_keys);
}

Request request_from_json(const JsonObject& root, std::span<const std::string_view> other_keys) {
  if (root.has("constraints"))
    root.complain("constraints", "a request cannot carry rules of its own; they belong into the schema");
  std::vector<std::string_view> also(kPageKeys.begin(), kPageKeys.end());
  also.insert(also.end(), other_keys.begin(), other_keys.end());
  root.only(kRequestKeys, also);

  Request request;
  request.id = root.has("request_id") || !root.has("page_id") ? root.required_text("request_id")
                                                              : root.required_text("page_id");
  request.timestamp = root.integer("timestamp").value_or(0);
  read_context(root, request);
  for (const JsonObject& action : root.objects("history")) request.history.push_back(action_from(action));
  for (const JsonObject& item : root.objects("candidates")) request.candidates.push_back(item_from(item));
  if (request.candidates.empty()) root.complain("candidates", "a request needs at least one candidate");
  std::unordered_set<std::string_view> ids;
  for (std::size_t i = 0; i < request.candidates.size(); ++i)
    require(ids.insert(request.candidates[i].id).second, "candidates[{}].id: {} is there twice", i,
            request.candidates[i].id);
  return request;
}

OrderedJson request_json(const Request& request) {
  OrderedJson json = {{"request_id", request.id}};
  if (const auto type = request.context.find("type"); type != request.context.end())
    json["type"] = type->second;
  if (request.timestamp != 0) json["timestamp"] = request.timestamp;
  OrderedJson context = context_to(request);
  if (!context.empty()) json["context"] = std::move(context);
  for (std::size_t i = 0; i < request.history.size(); ++i) {
    const HistoryAction& action = request.history[i];
    OrderedJson entry = {{"action", kActionNames[static_cast<std::size_t>(action.kind)]}};
    if (action.timestamp != 0) entry["timestamp"] = action.timestamp;
    entry["item"] = item_to(action.item, fmt::format("history[{}].item", i));
    json["history"].push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < request.candidates.size(); ++i)
    json["candidates"].push_back(item_to(request.candidates[i], fmt::format("candidates[{}]", i)));
  return json;
}

std::string json_line(const OrderedJson& json, const std::string& request_id) {
  try {
    return json.dump();
  } catch (const OrderedJson::exception& error) {
    std::string_view what = error.what();
    fail("request {} cannot be written as JSON: {}", request_id,
         what.substr(std::min(what.find("] ") + 2, what.size())));
  }
}

std::string request_to_json(const Request& request) {
  return json_line(request_json(request), request.id);
}

}  // namespace pagewright
