#include "core/data/table_importer.hpp"

#include <cstdlib>

#include "core/base/file.hpp"
#include "core/data/import.hpp"
#include "core/data/log_file.hpp"
#include "core/data/table_events.hpp"
#include "core/data/table_map.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kTableForms = std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "import";
const std::filesystem::path kTableMaps = std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "import";

struct ImportedTables {
  ImportReport report;
  FeedbackLog log;
  const LoggedPage& page(const std::string& id) const {
    for (const LoggedPage& page : log.pages)
      if (page.page_id == id) return page;
    FAIL("no page " << id);
    return log.pages.front();
  }
  const Request& request(const std::string& id) const {
    return log.requests[static_cast<std::size_t>(page(id).request)].request;
  }
  /// Ids of the items in page order.
  std::vector<std::string> items(const std::string& id) const {
    std::vector<std::string> ids;
    for (const std::int32_t item : page(id).page.items())
      ids.push_back(request(id).candidates[static_cast<std::size_t>(item)].id);
    return ids;
  }
};

ImportedTables import_tables(const std::filesystem::path& map, const std::filesystem::path& file) {
  const DataTestFolder folder;
  ImportOptions options;
  options.format = "table";
  options.map = map;
  ImportedTables imported;
  imported.report = import_log({file}, folder.path() / "log", options);
  imported.log = load_log(folder.path() / "log");
  return imported;
}

using Ids = std::vector<std::string>;
using Events = std::vector<Event>;

}  // namespace

TEST_CASE("docs/tables.md lists the keys of a map as the source has them") {
  const auto file = std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "docs" / "tables.md";
  const std::string begin = "<!-- keys, written by a test -->\n";
  const std::string text = read_file(file);
  const std::size_t keys = text.find(begin);
  REQUIRE(keys != std::string::npos);
  const std::string expected = text.substr(0, keys) + begin + table_map_reference();
  if (std::getenv("PAGEWRIGHT_WRITE_DOCS")) write_file_atomically(file, expected);
  INFO("write it anew with: PAGEWRIGHT_WRITE_DOCS=1 build/tests/core_tests '[#table_importer_test]' -#");
  CHECK(read_file(file) == expected);
}

TEST_CASE("every map under configs/import can be read") {
  int maps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kTableMaps)) {
    INFO(entry.path().string());
    CHECK_FALSE(load_table_map(entry.path()).item.empty());
    ++maps;
  }
  CHECK(maps == 5);
}

TEST_CASE(
    "rows of slots become pages, sorted by position, with prices, bookings and the shuffled ones told "
    "apart") {
  const ImportedTables expedia =
      import_tables(kTableMaps / "expedia2013.yaml", kTableForms / "expedia2013" / "train.csv");
  CHECK(expedia.report.rows == 5);
  CHECK(expedia.report.unusable == 0);
  REQUIRE(expedia.log.pages.size() == 2);
  CHECK(expedia.items("1") == Ids{"10404", "893", "21315"});
  const LoggedPage& page = expedia.page("1");
  CHECK(page.policy_id == "uniform");
  CHECK(expedia.page("4").policy_id == "expedia");
  CHECK(page.section_names == Ids{"results"});
  CHECK(page.timestamp == 1365064335);
  CHECK((page.events == Events{{EventKind::click, 0, 1365064335, std::nullopt, 1},
                               {EventKind::purchase, 0, 1365064335, 17074, 1},
                               {EventKind::click, 2, 1365064335, std::nullopt, 1}}));
  const Item& hotel = expedia.request("4").candidates[0];
  CHECK(hotel.price == 60277);
  CHECK(hotel.currency == "USD");
  CHECK(hotel.features ==
        std::map<std::string, double>{{"chain", 1}, {"stars", 2}, {"location", 4}, {"promotion", 0}});
  CHECK(expedia.request("1").context.at("nights") == "1");
}

TEST_CASE("rows that are pages of one slot carry their place, propensity and the pool of all items") {
  const ImportedTables bandit =
      import_tables(kTableMaps / "open_bandit.yaml", kTableForms / "open_bandit" / "men.csv");
  CHECK(bandit.log.pages.size() == 3);
  CHECK(bandit.report.unusable == 2);
  REQUIRE(bandit.report.first_unusable.size() == 2);
  CHECK(missing_parts(bandit.report.text(),
                      {"men.csv:4: a slot propensity is 0", "men.csv:6: item '9' is not in",
                       "1 pages left out for a row that cannot be used"}) == "");
  CHECK(bandit.items("men.csv-2") == Ids{"2"});
  CHECK(bandit.request("men.csv-2").candidates.size() == 4);
  CHECK(bandit.page("men.csv-2").section_names == Ids{"right"});
  CHECK(bandit.page("men.csv-2").slot_propensities == std::vector<double>{0.25});
  CHECK(bandit.page("men.csv-2").slot_propensity_kind == PropensityKind::slot_marginal);
  CHECK(bandit.page("men.csv-2").timestamp == 1574553793);
  CHECK(bandit.page("men.csv-3").events.size() == 1);
  CHECK(bandit.request("men.csv-3").candidates[1].brand == "b1");
}

TEST_CASE("rows that are whole pages have lists, cut into sections of equal length") {
  const ImportedTables rl4rs =
      import_tables(kTableMaps / "rl4rs.yaml", kTableForms / "rl4rs" / "rl4rs_dataset_a_rl.csv");
  CHECK(rl4rs.log.pages.size() == 2);
  CHECK(rl4rs.items("7-1") == Ids{"3", "1", "2", "4", "5", "6", "9", "8", "7"});
  const LoggedPage& page = rl4rs.page("7-1");
  CHECK(page.section_names == Ids{"row-1", "row-2", "row-3"});
  for (const PageSection& section : page.page.sections) CHECK(section.items.size() == 3);
  CHECK((page.events ==
         Events{{EventKind::purchase, 0, 1500, 3050, 1}, {EventKind::purchase, 4, 1500, 5050, 1}}));
  CHECK(missing_parts(rl4rs.report.text(),
                      {"column 'user_feedback' has 3 elements, but the page more slots"}) == "");
}

TEST_CASE(
    "events join their page by its key, or the visitor's last page that showed the item within the window") {
  const ImportedTables shop =
      import_tables(kTableMaps / "diginetica.yaml", kTableForms / "diginetica" / "train-queries.csv");
  REQUIRE(shop.log.pages.size() == 3);
  CHECK(shop.items("2") == Ids{"13", "11"});
  CHECK(shop.request("1").query == "red,lamp");
  CHECK(shop.request("3").user.empty());  // NA
  const auto event = [](const LoggedPage& page, EventKind kind, int slot, std::int64_t time) {
    return page.events == Events{{kind, slot, time, std::nullopt, 1}};
  };
  CHECK(event(shop.page("1"), EventKind::click, 1, 1462147200));  // not the later purchase of item 11
  REQUIRE(shop.page("2").events.size() == 2);
  CHECK((shop.page("2").events[0] == Event{EventKind::click, 0, 1462320000, std::nullopt, 1}));
  CHECK((shop.page("2").events[1] == Event{EventKind::purchase, 1, 1462492800, std::nullopt, 1}));
  CHECK(event(shop.page("3"), EventKind::purchase, 0, 1462320000));
  CHECK(missing_parts(shop.report.text(),
                      {"1 events of an id that was seen before, dropped",
                       "1 events on items that their page does not show, left out",
                       "1 events of pages that are not in the rows, left out",
                       "2 events of visitors who were not shown the item within the window, left out"}) ==
        "");
}

TEST_CASE("JSON Lines of queries and events give pages by their paths") {
  const ImportedTables ubi = import_tables(kTableMaps / "ubi.yaml", kTableForms / "ubi" / "queries.jsonl");
  REQUIRE(ubi.log.pages.size() == 2);
  CHECK(ubi.items("q1") == Ids{"a", "b", "c"});
  CHECK(ubi.request("q1").user == "u1");
  CHECK((ubi.page("q1").events == Events{{EventKind::click, 1, 1767323100, std::nullopt, 1},
                                         {EventKind::purchase, 1, 1767323160, 1250, 2}}));
  CHECK((ubi.page("q2").events == Events{{EventKind::cart, 1, 1767326460, std::nullopt, 1}}));
  CHECK(ubi.report.ignored_events == std::map<std::string, std::int64_t>{{"watch", 1}});
  CHECK(missing_parts(ubi.report.text(), {"1 events that name no page, left out"}) == "");
}

namespace {

/// The report of a table with the columns page, item, position, click and price.
std::string report_of_rows(const std::string& rows, bool strict = false) {
  const DataTestFolder folder;
  const auto map = write_text_file(folder.path() / "map.yaml",
                                   "page: [page]\nitem: item\nposition: position\nclick: click\n"
                                   "item_columns: {price: price, currency: EUR, title: title}\n");
  const auto file =
      write_text_file(folder.path() / "rows.csv", "page,item,position,click,price,title\n" + rows);
  ImportOptions options;
  options.format = "table";
  options.map = map;
  options.strict = strict;
  return import_log({file}, folder.path() / "log", options).text();
}

}  // namespace

TEST_CASE("a row that cannot be used takes its whole page with it, and says why") {
  const std::string good = "p1,a,1,0,1.50,\"a \"\"nice\"\"\nlamp, red\"\np1,b,2,1,2,\n";
  CHECK(missing_parts(report_of_rows(good), {"rows 2, pages 1", "unusable rows 0"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,a,x,0,1,\np2,b,2,0,1,\np3,a,1,0,1,\n"),
                      {"pages 2", "unusable rows 1", "rows.csv:5: column 'position' holds 'x'",
                       "1 pages left out for a row"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,a,1\n"), {"3 values, but the table has 6 columns"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,a,1,0,-1,\n"), {"the price -1 is negative"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,,1,0,1,\n"), {"column 'item' is empty"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,a,1,0,1,\"open\n"), {"a quote has no end"}) == "");
  CHECK(missing_parts(report_of_rows(good + "p2,a,1,0,1,\n" + good),
                      {"page id 'p1' is in the log already"}) == "");
  CHECK(missing_from_error([&] { report_of_rows(good + "p2,a,x,0,1,\n", true); },
                           {"rows.csv:5: column 'position' holds 'x', which is no number"}) == "");
}

TEST_CASE("keys of several columns differ wherever a value does, and ordinary ones are joined by a hyphen") {
  const DataTestFolder folder;
  const auto file =
      write_text_file(folder.path() / "rows.csv",
                      "a,b,c\n7,1,x\na-b,c,x\na,b-c,x\na\\,b,x\na\\-b,c,x\n2026-01-02,3-4,x\n,b,x\n");
  TableFile table(file, TableForm{});
  const auto keys_of = [&](const std::vector<std::string>& columns) {
    REQUIRE(table.next());
    return table_key(table, columns);
  };
  CHECK(keys_of({"a", "b"}) == "7-1");
  CHECK(keys_of({"a", "b"}) == "a\\-b-c");
  CHECK(keys_of({"a", "b"}) == "a-b-c");
  CHECK(keys_of({"a", "b"}) == "a\\\\-b");
  CHECK(keys_of({"a", "b"}) == "a\\\\\\-b-c");
  CHECK(keys_of({"a"}) == "2026-01-02");
  CHECK_FALSE(keys_of({"a", "b"}));
}

TEST_CASE("times, pieces and lists that cannot be what they say are refused") {
  CHECK(table_time("1500.9", "seconds") == 1500);
  CHECK(table_time("-1", "milliseconds") == -1);
  CHECK(missing_from_error([] { table_time("1e300", "seconds"); }, {"'1e300' is no time in seconds"}) == "");
  CHECK(missing_from_error([] { table_time("2026", "%Y-%m-%d"); }, {"is no time of the form"}) == "");
  CHECK(table_pieces("3", "q") == 3);
  for (const char* text : {"0", "-1", "2.5", "1e300", "many"})
    CHECK(missing_from_error([&] { table_pieces(text, "q"); }, {"column 'q' holds '", text}) == "");
  const DataTestFolder folder;
  const auto read_ids = [&](const char* row, char separator) {
    TableForm form;
    form.lists = separator;
    TableFile table(write_text_file(folder.path() / "rows.jsonl", row), form);
    REQUIRE(table.next());
    return std::string(table.value("ids").value_or(""));
  };
  CHECK(read_ids("{\"ids\": [\"a\", 2, \"c\"]}", ',') == "a,2,c");
  CHECK(read_ids("{\"ids\": [\"a,b\", \"c\"]}", '|') == "a,b|c");
  CHECK(missing_from_error([&] { read_ids("{\"ids\": [\"a,b\", \"c\"]}", ','); },
                           {"'ids' has the element 'a,b'", "list_separator"}) == "");
}

TEST_CASE("a map that names no such column, table or key is refused") {
  const DataTestFolder folder;
  const auto problem = [&](const std::string& map) {
    write_text_file(folder.path() / "map.yaml", map);
    write_text_file(folder.path() / "rows.csv", "page,item\np,a\n");
    ImportOptions options;
    options.format = "table";
    options.map = folder.path() / "map.yaml";
    std::string text = "no error";
    try {
      import_log({folder.path() / "rows.csv"}, folder.path() / "log", options);
    } catch (const std::exception& error) {
      text = error.what();
    }
    std::filesystem::remove_all(folder.path() / "log");
    return text;
  };
  CHECK(problem("page: [page]\nitem: item\n") == "no error");
  CHECK(missing_parts(problem("page: [page]\nitem: thing\n"),
                      {"there is no column 'thing', but page, item"}) == "");
  CHECK(missing_parts(problem("page: [page]\n"), {"item"}) == "");
  CHECK(missing_parts(problem("item: item\nseparator: ab\n"), {"separator must be one character"}) == "");
  CHECK(missing_parts(problem("item: item\nall_items: true\n"), {"all_items needs the table `items`"}) == "");
  CHECK(missing_parts(problem("item: item\nitems: {file: none.csv, key: id}\n"),
                      {"none.csv: cannot be opened"}) == "");
  CHECK(missing_parts(problem("item: item\nevents: [{file: e.csv, item: i}]\n"),
                      {"give `page` or `visitor`"}) == "");
  CHECK(missing_parts(problem("item: item\nevents: [{file: e.csv, item: i, visitor: v}]\n"),
                      {"events that are joined by visitor need a time", "pages need their `visitor`"}) == "");
}

}  // namespace pagewright
