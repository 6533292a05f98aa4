#include "core/page/page_json.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/page/json_write.hpp"

namespace pagewright {
namespace {

using PageOrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> kSectionKeys = {"type",  "layout", "columns",
                                                          "title", "slots",  "items"};

PageOrderedJson section_to(const PageSchema& schema, const Request& request, const PageSection& section,
                           const std::string& path) {
  require(section.type >= 0 && static_cast<std::size_t>(section.type) < schema.section_types.size(),
          "{}.type: the schema has no section type {}", path, section.type);
  const SectionType& type = schema.section_types[static_cast<std::size_t>(section.type)];
  PageOrderedJson json = {{"type", type.name}, {"layout", type.layout}};
  if (type.columns > 1) json["columns"] = type.columns;
  json["items"] = PageOrderedJson::array();
  for (const std::int32_t index : section.items) {
    require(index >= 0 && static_cast<std::size_t>(index) < request.candidates.size(),
            "{}.items: the request has no candidate {}", path, index);
    json["items"].push_back(request.candidates[static_cast<std::size_t>(index)].id);
  }
  return json;
}

void add_sections(PageOrderedJson& json, const PageSchema& schema, const Request& request, const Page& page) {
  json["order"] = PageOrderedJson::array();
  json["sections"] = PageOrderedJson::object();
  for (std::size_t s = 0; s < page.sections.size(); ++s) {
    const std::string name = fmt::format("s{}", s + 1);
    json["order"].push_back(name);
    json["sections"][name] = section_to(schema, request, page.sections[s], "sections." + name);
  }
}

int section_type_from(const PageSchema& schema, const JsonObject& section) {
  const std::string name = section.required_text("type");
  std::string known;
  for (std::size_t i = 0; i < schema.section_types.size(); ++i) {
    if (schema.section_types[i].name == name) return static_cast<int>(i);
    known += (known.empty() ? "" : ", ") + schema.section_types[i].name;
  }
  section.complain("type", fmt::format("the schema has no section type {}; it has {}", name, known));
}

}  // namespace

std::string page_to_json(const PageSchema& schema, const Request& request, const Page& page,
                         const PageJsonFields& fields) {
  PageOrderedJson json;
  if (!fields.page_id.empty()) json["page_id"] = fields.page_id;
  if (!fields.policy_id.empty()) json["policy_id"] = fields.policy_id;
  json.update(request_json(request));
  add_sections(json, schema, request, page);
  if (fields.propensities.page) json["page_propensity"] = *fields.propensities.page;
  if (!fields.propensities.slots.empty()) {
    json["slot_propensities"] = fields.propensities.slots;
    json["slot_propensity_kind"] = "slot_given_prefix";
  }
  return json_line(json, request.id);
}

std::string sections_to_json(const PageSchema& schema, const Request& request, const Page& page) {
  PageOrderedJson json;
  add_sections(json, schema, request, page);
  return json_line(json, request.id);
}

Page page_from_json(const PageSchema& schema, const Request& request, std::string_view text) {
  const nlohmann::json json = parse_json(text);
  return page_from_json(schema, request, JsonObject(json, ""));
}

Page page_from_json(const PageSchema& schema, const Request& request, const JsonObject& root) {
  const std::optional<JsonObject> sections = root.object("sections");
  if (!sections) root.complain("sections", "missing; it must hold the page's sections by name");
  std::unordered_map<std::string_view, std::int32_t> index_of;
  for (std::size_t i = 0; i < request.candidates.size(); ++i)
    index_of.emplace(request.candidates[i].id, static_cast<std::int32_t>(i));

  Page page;
  const std::vector<std::string> order = root.texts("order");
  for (std::size_t s = 0; s < order.size(); ++s) {
    const std::string place = fmt::format("order[{}]", s);
    if (std::count(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(s), order[s]) > 0)
      fail("{}: section {} is there twice", place, order[s]);
    const std::optional<JsonObject> section = sections->object(order[s]);
    if (!section) fail("{}: sections has no {}", place, order[s]);
    section->only(kSectionKeys);
    PageSection& out = page.sections.emplace_back();
    out.type = section_type_from(schema, *section);
    const std::vector<std::string> items = section->texts("items");
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto found = index_of.find(items[i]);
      require(found != index_of.end(), "{}[{}]: item {} is not among the candidates of request {}",
              section->path_of("items"), i, items[i], request.id);
      out.items.push_back(found->second);
    }
  }
  for (const std::string& name : sections->keys())
    if (std::find(order.begin(), order.end(), name) == order.end())
      sections->complain(name, "this section is missing in `order`");
  return page;
}

PageJsonFields page_fields_from_json(std::string_view text) {
  const nlohmann::json json = parse_json(text);
  return page_fields_from_json(JsonObject(json, ""));
}

PageJsonFields page_fields_from_json(const JsonObject& root) {
  PageJsonFields fields;
  fields.page_id = root.text("page_id");
  fields.policy_id = root.text("policy_id");
  fields.propensities.page = root.number("page_propensity");
  fields.propensities.slots = root.numbers("slot_propensities");
  const auto is_probability = [](double value) { return value > 0 && value <= 1; };
  if (fields.propensities.page && !is_probability(*fields.propensities.page))
    root.complain("page_propensity", "must be above 0 and at most 1");
  for (std::size_t i = 0; i < fields.propensities.slots.size(); ++i)
    require(is_probability(fields.propensities.slots[i]),
            "slot_propensities[{}]: must be above 0 and at most 1", i);
  return fields;
}

}  // namespace pagewright
