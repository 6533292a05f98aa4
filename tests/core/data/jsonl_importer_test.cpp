#include "core/data/jsonl_importer.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "core/data/event_kind.hpp"
#include "core/data/import.hpp"
#include "core/page/page_json.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/core/data/log_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kJsonlForm =
    std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "jsonl_form" / "pages.jsonl";

ImportOptions jsonl_options() {
  ImportOptions options;
  options.split.kind = SplitRule::Kind::all;
  options.shown_rows = 100;
  return options;
}

/// A small sound row, with one replacement.
std::string jsonl_row(const std::string& from = "", const std::string& to = "") {
  std::string row =
      R"({"page_id":"p1","request_id":"r1","user":"u1","timestamp":100,"candidates":[{"id":"a","price":500,"currency":"EUR"},)"
      R"({"id":"b"},{"id":"c"}],"order":["s1"],"sections":{"s1":{"type":"list","items":["b","a"]}},"page_propensity":0.5,)"
      R"("events":[{"action_name":"click","slot":1,"timestamp":120}]})";
  if (!from.empty()) row.replace(row.find(from), from.size(), to);
  return row;
}

TEST_CASE("JSON Lines become the log they describe") {
  const DataTestFolder folder;
  const auto report = import_log({kJsonlForm}, folder.path() / "log", jsonl_options());
  CHECK(report.rows == 3);
  CHECK(report.pages == 2);
  CHECK(report.revisits == 1);
  CHECK(report.unusable == 0);
  CHECK(report.ignored_events == std::map<std::string, std::int64_t>{{"scroll", 1}});
  auto expected = version_1_log();
  expected.requests[1].split = Split::train;
  CHECK(load_log(folder.path() / "log") == expected);
}

TEST_CASE("events have UBI's names of actions, and names of ours for what UBI leaves free") {
  CHECK(event_kind_of_action("view") == EventKind::impression);
  CHECK(event_kind_of_action("add_to_cart") == EventKind::cart);
  CHECK(event_kind_of_action("dismiss") == EventKind::dismiss);
  CHECK(event_kind_of_action("hide") == EventKind::dismiss);
  CHECK(event_kind_of_action("return") == EventKind::purchase_return);
  CHECK_FALSE(event_kind_of_action("scroll"));
}

TEST_CASE("a random log written as JSON Lines comes back equal") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const DataTestFolder folder;
    FeedbackLog log;
    std::string text;
    PageSchema schema;
    for (int type = 0; type < 3; ++type)
      schema.section_types.emplace_back().name = fmt::format("section {}", type);
    for (auto& logged : random_test_log(seed, 30).requests) {
      auto& request = logged.request;
      LoggedPage page;
      page.page_id = "page of " + request.id;
      page.request = static_cast<std::int64_t>(log.requests.size());
      page.policy_id = "p";
      page.timestamp = request.timestamp;
      page.page.sections = {{0, {0}}};
      page.section_names = {"section 0"};
      page.page_propensity = .25;
      text += page_to_json(schema, request, page.page,
                           {page.page_id, page.policy_id, {page.page_propensity, {}}}) +
              "\n";
      log.requests.push_back({request, Split::train});
      log.pages.push_back(page);
    }
    const auto report = import_log({write_text_file(folder.path() / "rows.jsonl", text)},
                                   folder.path() / "log", jsonl_options());
    CHECK(report.text() == "rows 30, pages 30, revisits 0, unusable rows 0\n");
    CHECK(load_log(folder.path() / "log") == log);
  }
}

TEST_CASE("rows of equal requests that follow each other are one request shown several times") {
  const DataTestFolder folder;
  const auto text =
      jsonl_row() + "\n" + jsonl_row("\"p1\"", "\"p2\"") + "\n" +
      jsonl_row("{\"page_id\":\"p1\",\"request_id\":\"r1\"", "{\"page_id\":\"p3\",\"request_id\":\"r2\"") +
      "\n";
  import_log({write_text_file(folder.path() / "rows.jsonl", text)}, folder.path() / "log", jsonl_options());
  const auto log = load_log(folder.path() / "log");
  CHECK(log.requests.size() == 2);
  REQUIRE(log.pages.size() == 3);
  CHECK(log.pages[0].request == 0);
  CHECK(log.pages[1].request == 0);
  CHECK(log.pages[2].request == 1);
}

TEST_CASE("a purchase without a price is made at the candidate's") {
  const DataTestFolder folder;
  const auto text = jsonl_row("\"click\"", "\"purchase\"") + "\n";
  import_log({write_text_file(folder.path() / "rows.jsonl", text)}, folder.path() / "log", jsonl_options());
  CHECK(load_log(folder.path() / "log").pages[0].events[0].price == 500);
}

TEST_CASE("rows that cannot be used are counted and shown with file, line and reason") {
  const DataTestFolder folder;
  const std::vector<std::pair<std::string, std::string>> bad = {
      {jsonl_row().substr(0, 100), "not valid JSON"},
      {jsonl_row("{\"id\":\"b\"}", "{\"title\":\"b\"}"), "candidates[1].id: missing"},
      {jsonl_row("[\"b\",\"a\"]", "[\"b\",\"z\"]"), "item z is not among the candidates"},
      {jsonl_row("\"price\":500", "\"price\":-500"), "candidates[0].price: must be an integer >= 0"},
      {jsonl_row("\"slot\":1", "\"slot\":2"), "events[0].slot: must be an integer from 0 to 1, not 2"},
      {jsonl_row("\"slot\":1", "\"item_id\":\"c\""), "events[0].item_id: 'c' is not on the page"},
      {jsonl_row("\"slot\":1", "\"slot\":1,\"item_id\":\"a\""), "not both"},
      {jsonl_row("\"slot\":1,", ""), "events[0].slot: missing"},
      {jsonl_row("\"slot\":1", "\"slot\":1,\"quantity\":0"), "events[0].quantity"},
      {jsonl_row("\"slot\":1", "\"slot\":1,\"price\":-1"), "events[0].price"},
      {jsonl_row("\"slot\":1", "\"slot\":1,\"colour\":\"red\""), "events[0].colour: unknown key"},
      {jsonl_row("\"page_propensity\":0.5", "\"page_propensity\":1.5"), "page_propensity"},
      {jsonl_row("\"page_propensity\":0.5", "\"slot_propensities\":[0.5,0.5]"),
       "slot_propensity_kind: must be"},
      {jsonl_row("\"page_propensity\":0.5",
                 "\"slot_propensities\":[0.5],\"slot_propensity_kind\":\"slot_marginal\""),
       "2 slots but 1 slot propensities"},
      {jsonl_row("\"sections\":{\"s1\"", "\"sections\":{\"s2\""), "sections has no s1"},
      {jsonl_row("\"items\":[\"b\",\"a\"]", "\"items\":[]"), "the page has no slots"},
      {jsonl_row("\"user\"", "\"usr\""), "usr: unknown key"},
      {jsonl_row("\"page_propensity\":0.5", "\"revisit_of\":\"p1\""), "must name another page"},
      {jsonl_row(), "page id 'p1' is in the log already"}};
  std::string text = jsonl_row("\"events\"", "\"page_timestamp\":101,\"events\"") + "\n";
  for (const auto& [line, reason] : bad) text += line + "\n";
  const auto path = write_text_file(folder.path() / "rows.jsonl", text);
  const auto report = import_log({path}, folder.path() / "log", jsonl_options());
  CHECK(report.rows == static_cast<std::int64_t>(bad.size()) + 1);
  REQUIRE(report.first_unusable.size() == bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CHECK(report.first_unusable[i].line == static_cast<std::int64_t>(i) + 2);
    CHECK(missing_parts(report.first_unusable[i].reason, {bad[i].second}) == "");
  }
  const auto log = load_log(folder.path() / "log");
  CHECK(log.requests.size() == 1);
  CHECK(log.pages.size() == 1);
  auto options = jsonl_options();
  options.shown_rows = 2;
  const auto shown = import_log({path}, folder.path() / "again", options).text();
  CHECK(missing_parts(shown, {"unusable rows 19", path.string() + ":2: not valid JSON", "and 17 more"}) ==
        "");
}

TEST_CASE("a strict import stops at the first row that cannot be used and leaves nothing") {
  const DataTestFolder folder;
  const auto path =
      write_text_file(folder.path() / "rows.jsonl", jsonl_row() + "\n" + jsonl_row().substr(0, 60) + "\n");
  auto options = jsonl_options();
  options.strict = true;
  CHECK(missing_from_error([&] { import_log({path}, folder.path() / "log", options); },
                           {path.string() + ":2: not valid JSON"}) == "");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "log"));
}

TEST_CASE("an import without a usable row is an error and leaves nothing") {
  const DataTestFolder folder;
  const auto log = folder.path() / "log";
  const auto path = folder.path() / "rows.jsonl";
  const auto missing = [&](const std::string& text, std::initializer_list<std::string> parts) {
    return missing_from_error([&] { import_log({write_text_file(path, text)}, log, jsonl_options()); },
                              parts);
  };
  CHECK(missing("", {path.string(), "no rows"}) == "");
  CHECK(missing("\n \n", {"no rows"}) == "");
  CHECK(missing("{}\n[]\n", {"not one usable row", path.string() + ":1:", path.string() + ":2:"}) == "");
  CHECK_FALSE(std::filesystem::exists(log));
  auto options = jsonl_options();
  options.format = "csv";
  CHECK(missing_from_error([&] { import_log({path}, log, options); },
                           {"'csv' is no log format", "jsonl, trivago"}) == "");
}

TEST_CASE("importing a file twice into one log is refused") {
  const DataTestFolder folder;
  auto options = jsonl_options();
  import_log({kJsonlForm}, folder.path() / "log", options);
  options.append = true;
  CHECK(missing_from_error([&] { import_log({kJsonlForm}, folder.path() / "log", options); },
                           {"not one usable row", "is in the log already"}) == "");
  CHECK(LogReader(folder.path() / "log").parts().size() == 1);
}

}  // namespace
}  // namespace pagewright
