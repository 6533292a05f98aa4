#include "launch/page_examples.hpp"

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json_fields.hpp"
#include "core/page/json_write.hpp"
#include "core/page/page_json.hpp"

namespace pagewright {
namespace {

using ExampleJson = nlohmann::ordered_json;

/// "ndcg@10" is "ndcg" here: the cut-off is the evaluation's, the same for all lines.
std::vector<MetricField> example_fields() {
  std::vector<MetricField> fields = metric_fields(1);
  for (MetricField& field : fields) field.name = field.name.substr(0, field.name.find('@'));
  return fields;
}

ExampleJson example_sections(const PageSchema& schema, const Page& page) {
  ExampleJson sections = ExampleJson::array();
  for (const PageSection& section : page.sections) {
    const bool known =
        section.type >= 0 && static_cast<std::size_t>(section.type) < schema.section_types.size();
    const std::string name = known ? schema.section_types[static_cast<std::size_t>(section.type)].name : "";
    sections.push_back({{"type", name}, {"items", section.items}});
  }
  return sections;
}

ExampleJson example_feedback(const LoggedPage& page) {
  ExampleJson slots = ExampleJson::array();
  for (const SlotFeedback& slot : slot_feedback(page)) {
    ExampleJson& json = slots.emplace_back(ExampleJson::object());
    if (slot.clicks != 0) json["clicks"] = slot.clicks;
    if (slot.carts != 0) json["carts"] = slot.carts;
    if (slot.purchases != 0) json["purchases"] = slot.purchases;
    if (slot.revenue != 0) json["revenue"] = slot.revenue;
  }
  return slots;
}

ExampleJson example_metrics(const PageMetrics& metrics, const std::vector<MetricField>& fields) {
  ExampleJson json = ExampleJson::object();
  for (const MetricField& field : fields)
    if (std::isfinite(metrics.*field.value)) json[field.name] = metrics.*field.value;
  return json;
}

int example_section_type(const PageSchema& schema, const std::string& name) {
  if (name.empty()) return -1;
  for (std::size_t i = 0; i < schema.section_types.size(); ++i)
    if (schema.section_types[i].name == name) return static_cast<int>(i);
  fail("the schema has no section type {}; evaluate again with this configuration", name);
}

Page example_page(const PageSchema& schema, const nlohmann::json& json) {
  Page page;
  for (const nlohmann::json& section : json.at("sections")) {
    PageSection& out = page.sections.emplace_back();
    out.type = example_section_type(schema, section.at("type").get<std::string>());
    out.items = section.at("items").get<std::vector<std::int32_t>>();
  }
  return page;
}

/// A page whose items are all candidates.
Page example_page_of_candidates(const PageSchema& schema, const Request& request,
                                const nlohmann::json& json) {
  Page page = example_page(schema, json);
  for (const std::int32_t item : page.items())
    require(item >= 0 && static_cast<std::size_t>(item) < request.candidates.size(),
            "request {} has no candidate {}", request.id, item);
  return page;
}

std::vector<SlotFeedback> example_feedback_from(const nlohmann::json& json) {
  std::vector<SlotFeedback> slots;
  for (const nlohmann::json& slot : json)
    slots.push_back({slot.value("clicks", 0), slot.value("carts", 0), slot.value("purchases", 0),
                     slot.value("revenue", 0.0)});
  return slots;
}

PageExample example_from(const PageSchema& schema, const std::vector<MetricField>& fields,
                         const std::string& line) {
  // Ordered, so that policies stay in the order of the table.
  const ExampleJson json = ExampleJson::parse(line);
  PageExample example;
  example.key = json.at("key").get<std::int64_t>();
  example.same_list = json.at("same_list").get<bool>();
  example.request = request_from_json(json.at("request").dump());
  const nlohmann::json shown = json.at("shown");
  example.page_id = shown.at("page_id").get<std::string>();
  example.shown = example_page_of_candidates(schema, example.request, shown);
  example.feedback = example_feedback_from(shown.at("feedback"));
  require(static_cast<int>(example.feedback.size()) == example.shown.slot_count(),
          "the page shown has {} slots but feedback for {}", example.shown.slot_count(),
          example.feedback.size());
  for (const auto& [name, value] : json.at("policies").items()) {
    PolicyExample& policy = example.policies.emplace_back();
    policy.policy = name;
    policy.violations = value.at("invalid").get<std::vector<std::string>>();
    policy.page = policy.violations.empty() ? example_page_of_candidates(schema, example.request, value)
                                            : example_page(schema, value);
    for (const MetricField& field : fields)
      policy.metrics.*field.value = value.at("metrics").value(field.name, kNotMeasured);
  }
  return example;
}

}  // namespace

void write_page_examples(const std::filesystem::path& path, const PageSchema& schema,
                         std::span<const EvaluationCase> cases, std::span<const PolicyPages> pages) {
  for (const PolicyPages& policy : pages)
    require(policy.pages.size() == cases.size(), "{} has {} pages for {} requests", policy.name,
            policy.pages.size(), cases.size());
  const std::vector<MetricField> fields = example_fields();
  std::string content;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const EvaluationCase& test = cases[i];
    ExampleJson json = {
        {"key", test.key}, {"same_list", test.same_list()}, {"request", request_json(*test.request)}};
    json["shown"] = {{"page_id", test.shown->page_id},
                     {"sections", example_sections(schema, test.shown->page)},
                     {"feedback", example_feedback(*test.shown)}};
    json["policies"] = ExampleJson::object();
    for (const PolicyPages& policy : pages) {
      const EvaluatedPage& page = policy.pages[i];
      json["policies"][policy.name] = {{"sections", example_sections(schema, page.page)},
                                       {"invalid", page.violations},
                                       {"metrics", example_metrics(page.metrics, fields)}};
    }
    content += json_line(json, test.request->id) + "\n";
  }
  write_file_atomically(path, content);
}

const PolicyExample* PageExample::find(const std::string& policy) const {
  for (const PolicyExample& example : policies)
    if (example.policy == policy) return &example;
  return nullptr;
}

std::vector<PageExample> read_page_examples(const std::filesystem::path& path, const PageSchema& schema) {
  std::ifstream file(path);
  require(file.good(), "cannot read '{}'; run `pagewright evaluate` to make it", path.string());
  const std::vector<MetricField> fields = example_fields();
  std::vector<PageExample> examples;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number)
    examples.push_back(with_context(fmt::format("{}:{}", path.string(), number),
                                    [&] { return example_from(schema, fields, line); }));
  return examples;
}

}  // namespace pagewright
