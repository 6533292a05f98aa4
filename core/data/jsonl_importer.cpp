#include "core/data/jsonl_importer.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/data/event_kind.hpp"
#include "core/data/import.hpp"
#include "core/page/page_json.hpp"

namespace pagewright {
namespace {

constexpr std::array<std::string_view, 3> kJsonlLogKeys = {"events", "revisit_of", "page_timestamp"};
constexpr std::array<std::string_view, 6> kJsonlEventKeys = {"action_name", "slot",  "item_id",
                                                             "timestamp",   "price", "quantity"};

std::int64_t jsonl_integer(const JsonObject& object, std::string_view key, std::int64_t fallback,
                           std::int64_t least, std::int64_t most) {
  const auto value = object.integer(key).value_or(fallback);
  if (value < least || value > most)
    object.complain(key, fmt::format("must be an integer from {} to {}, not {}", least, most, value));
  return value;
}

/// The slot of an event, given as such or by the item in it.
std::int32_t jsonl_event_slot(const JsonObject& object, const Request& request,
                              const std::vector<std::int32_t>& items) {
  if (object.has("slot")) {
    if (object.has("item_id")) object.complain("item_id", "give the slot or the item, not both");
    return static_cast<std::int32_t>(
        jsonl_integer(object, "slot", 0, 0, static_cast<std::int64_t>(items.size()) - 1));
  }
  if (!object.has("item_id"))
    object.complain("slot", "missing; say where the event was, by slot or by item_id");
  const auto id = object.required_text("item_id");
  const auto shows = [&](std::int32_t item) {
    return request.candidates[static_cast<std::size_t>(item)].id == id;
  };
  const auto found = std::find_if(items.begin(), items.end(), shows);
  if (found == items.end()) object.complain("item_id", fmt::format("'{}' is not on the page", id));
  if (std::find_if(found + 1, items.end(), shows) != items.end())
    object.complain("item_id", fmt::format("'{}' is on the page twice; give the slot", id));
  return static_cast<std::int32_t>(found - items.begin());
}

std::vector<Event> jsonl_events(const JsonObject& root, const Request& request, const Page& page,
                                ImportSink& sink) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const auto items = page.items();
  require(!items.empty(), "the page has no slots");
  std::vector<Event> events;
  std::vector<std::string> ignored;
  for (const auto& object : root.objects("events")) {
    const auto action = object.required_text("action_name");
    const auto kind = event_kind_of_action(action);
    if (!kind) {
      ignored.push_back(action);
      continue;
    }
    object.only(kJsonlEventKeys);
    Event event;
    event.kind = *kind;
    event.slot = jsonl_event_slot(object, request, items);
    event.timestamp = jsonl_integer(object, "timestamp", 0, 0, most);
    event.quantity = static_cast<std::int32_t>(
        jsonl_integer(object, "quantity", 1, 1, std::numeric_limits<std::int32_t>::max()));
    if (object.has("price"))
      event.price = jsonl_integer(object, "price", 0, 0, most);
    else if (event.kind == EventKind::purchase)
      event.price =
          request.candidates[static_cast<std::size_t>(items[static_cast<std::size_t>(event.slot)])].price;
    events.push_back(event);
  }
  for (const auto& action : ignored) sink.ignore_event(action);
  return events;
}

PropensityKind jsonl_propensity_kind(const JsonObject& root, bool has_slots) {
  const auto name = root.text("slot_propensity_kind");
  if (!has_slots) {
    if (!name.empty()) root.complain("slot_propensity_kind", "given without slot_propensities");
    return PropensityKind::none;
  }
  if (name == "slot_given_prefix") return PropensityKind::slot_given_prefix;
  if (name == "slot_marginal") return PropensityKind::slot_marginal;
  root.complain("slot_propensity_kind",
                "must be slot_given_prefix or slot_marginal when there are slot_propensities");
}

class JsonlImporter final : public LineImporter {
 public:
  void row(std::string_view line, ImportSink& sink) override {
    const auto json = parse_json(line);
    const JsonObject root(json, "");
    auto request = request_from_json(root, kJsonlLogKeys);
    learn_section_types(root);
    auto page = logged_page(root, request, sink);
    if (sink.last() && *sink.last() == request) {
      sink.add_to_last(std::move(page));
      return;
    }
    std::vector<LoggedPage> pages;
    pages.push_back(std::move(page));
    sink.add(std::move(request), std::move(pages));
  }

 private:
  /// A log knows no schema; section types are numbered in the order in which pages show them.
  void learn_section_types(const JsonObject& root) {
    const auto sections = root.object("sections");
    if (!sections) return;
    for (const auto& key : root.texts("order")) {
      const auto section = sections->object(key);
      if (!section) continue;
      const auto name = section->required_text("type");
      const auto known = [&](const SectionType& type) { return type.name == name; };
      if (std::none_of(schema_.section_types.begin(), schema_.section_types.end(), known))
        schema_.section_types.emplace_back().name = name;
    }
  }

  LoggedPage logged_page(const JsonObject& root, const Request& request, ImportSink& sink) const {
    auto fields = page_fields_from_json(root);
    LoggedPage page;
    page.page_id = fields.page_id.empty() ? request.id : std::move(fields.page_id);
    page.policy_id = std::move(fields.policy_id);
    page.timestamp = root.integer("page_timestamp").value_or(request.timestamp);
    page.page = page_from_json(schema_, request, root);
    for (const auto& section : page.page.sections)
      page.section_names.push_back(schema_.section_types[static_cast<std::size_t>(section.type)].name);
    page.page_propensity = fields.propensities.page;
    page.slot_propensities = std::move(fields.propensities.slots);
    page.slot_propensity_kind = jsonl_propensity_kind(root, !page.slot_propensities.empty());
    if (root.has("revisit_of")) page.revisit_of = root.required_text("revisit_of");
    page.events = jsonl_events(root, request, page.page, sink);
    return page;
  }

  PageSchema schema_;
};

}  // namespace

std::unique_ptr<LogImporter> make_jsonl_importer() {
  return std::make_unique<JsonlImporter>();
}

}  // namespace pagewright
