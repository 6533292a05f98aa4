#include "core/data/trivago_importer.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/data/import.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

using TrivagoEvents = std::vector<Event>;

const std::filesystem::path kTrivagoForm =
    std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "trivago_form" / "made_up.jsonl";

ImportOptions trivago_options() {
  ImportOptions options;
  options.format = "trivago";
  options.split.kind = SplitRule::Kind::all;
  options.split.all = Split::valid;
  return options;
}

Event click_at(int slot, std::int64_t time) {
  return {EventKind::click, slot, time, std::nullopt, 1};
}
Event click_out_at(int slot, std::int64_t time, std::int64_t price) {
  return {EventKind::purchase, slot, time, price, 1};
}

TEST_CASE("rows of one list in one session become one page with all feedback, and revisits of it") {
  const DataTestFolder folder;
  const auto report = import_log({kTrivagoForm}, folder.path() / "log", trivago_options());
  CHECK(report.rows == 12);
  CHECK(report.pages == 8);
  CHECK(report.revisits == 4);
  CHECK(report.unusable == 0);
  const auto log = load_log(folder.path() / "log");
  REQUIRE(log.pages.size() == 12);
  REQUIRE(log.requests.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(log.pages[i].request == static_cast<std::int64_t>(i));
    CHECK(log.requests[i].split == Split::valid);
    CHECK(log.pages[i].section_names == std::vector<std::string>{"results"});
    CHECK(log.pages[i].slot_propensity_kind == PropensityKind::none);
  }
  const auto& first = log.pages[0];
  CHECK(first.page_id == "s1-1");
  CHECK_FALSE(first.revisit_of);
  CHECK((first.events == TrivagoEvents{click_at(2, 1000), click_out_at(1, 1000, 5500),
                                       click_out_at(1, 1100, 5500), click_at(0, 1300), click_at(3, 1300),
                                       click_out_at(4, 1300, 9900)}));
  CHECK(log.requests[0].request.history.empty());
  CHECK(log.pages[1].revisit_of == "s1-1");
  CHECK((log.pages[1].events == TrivagoEvents{click_out_at(1, 1100, 5500)}));
  CHECK_FALSE(log.pages[2].revisit_of);
  CHECK(log.pages[3].revisit_of == "s1-1");
  CHECK((log.pages[3].events ==
         TrivagoEvents{click_at(0, 1300), click_at(3, 1300), click_out_at(4, 1300, 9900)}));
  CHECK(log.requests[3].request.candidates[2].price == 11800);
  CHECK_FALSE(log.pages[4].revisit_of);      // another session
  CHECK_FALSE(log.pages[5].revisit_of);      // another user
  CHECK(log.pages[8].revisit_of == "s4-1");  // rows of another session in between
  CHECK(log.pages[9].revisit_of == "s5-1");
  CHECK_FALSE(log.pages[10].revisit_of);  // the same items in another order
}

TEST_CASE("requests of the trivago form carry context, candidates in display order and history") {
  const DataTestFolder folder;
  import_log({kTrivagoForm}, folder.path() / "log", trivago_options());
  const auto log = load_log(folder.path() / "log");
  const auto& request = log.requests[3].request;
  CHECK(request.id == "s1-12");
  CHECK(request.user == "u1");
  CHECK(request.timestamp == 1300);
  CHECK(request.context ==
        std::map<std::string, std::string>{
            {"city", "Atlantis, Nowhere"}, {"device", "mobile"}, {"platform", "XA"}, {"session", "s1"}});
  CHECK(log.requests[2].request.context.at("filters") == "5 Star|Sort by Price");
  REQUIRE(request.candidates.size() == 5);
  CHECK(request.candidates[4] == Item{"105", "", 9900, "XXX", "", "", "", false, {}});
  REQUIRE(request.history.size() == 4);
  CHECK(request.history[0] == HistoryAction{ActionKind::click, 0, request.candidates[2]});
  CHECK(request.history[3] ==
        HistoryAction{ActionKind::click, 0, Item{"201", "", std::nullopt, "", "", "", "", false, {}}});
  CHECK(log.pages[3].page.items() == std::vector<std::int32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("rows of the trivago form that cannot be used are counted and shown with file, line and reason") {
  const DataTestFolder folder;
  const std::string good =
      R"({"page_id":"a-1","session":"a","user":"u","ts":5,"platform":"X","city":"C","device":"d","filters":[],)"
      R"("items":[1,2],"prices":[3,4],"clicks":[],"conversion":1,"history_before_page":[]})";
  const auto changed = [&](const std::string& from, const std::string& to) {
    auto line = good;
    line.replace(line.find(from), from.size(), to);
    return line;
  };
  const std::vector<std::pair<std::string, std::string>> bad = {
      {good.substr(0, 60), "not JSON"},
      {changed("\"items\":[1,2]", "\"items\":[1,2,3]"), "3 items but 2 prices"},
      {changed("[3,4]", "[3,-4]"), "negative price -4"},
      {changed("\"conversion\":1", "\"conversion\":2"),
       "'conversion' holds place 2, but the page has 2 items"},
      {changed("\"clicks\":[]", "\"clicks\":[-1]"), "'clicks' holds place -1"},
      {changed("\"items\":[1,2]", "\"items\":[1,1]"), "stands on the page twice"},
      {changed("\"user\":\"u\",", ""), "field 'user' is missing"},
      {changed("\"ts\":5", "\"ts\":\"5\""), "'ts' must hold whole numbers"},
      {"[1]", "no JSON object"},
      {good, "page_id 'a-1' was used before"}};
  std::string text = good + "\n\n";
  for (const auto& [line, reason] : bad) text += line + "\n";
  const auto path = write_text_file(folder.path() / "rows.jsonl", text);
  auto options = trivago_options();
  options.shown_rows = 100;
  const auto report = import_log({path}, folder.path() / "log", options);
  CHECK(report.rows == 11);
  CHECK(report.pages == 1);
  REQUIRE(report.first_unusable.size() == bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CHECK(report.first_unusable[i].line == static_cast<std::int64_t>(i) + 3);
    CHECK(missing_parts(report.first_unusable[i].reason, {bad[i].second}) == "");
  }
  CHECK(missing_parts(report.text(), {"unusable rows 10", path.string() + ":3: not JSON"}) == "");
  options.strict = true;
  CHECK(missing_from_error([&] { import_log({path}, folder.path() / "strict", options); },
                           {path.string() + ":3: not JSON"}) == "");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "strict"));
}

// The data may not be distributed; where somebody has them, PAGEWRIGHT_TRIVAGO names the folder.
TEST_CASE("the real trivago pages give the known numbers of pages and revisits") {
  const char* data = std::getenv("PAGEWRIGHT_TRIVAGO");
  if (data == nullptr) PAGEWRIGHT_SKIP("PAGEWRIGHT_TRIVAGO is not set");
  const DataTestFolder folder;
  const std::filesystem::path source(data);
  auto options = trivago_options();
  options.split.all = Split::train;
  const auto train = import_log({source / "train.jsonl.xz"}, folder.path() / "log", options);
  options.append = true;
  options.split.all = Split::valid;
  const auto valid = import_log({source / "valid.jsonl.xz"}, folder.path() / "log", options);
  CHECK(train.pages == 7327);
  CHECK(train.revisits == 3487);
  CHECK(valid.pages == 993);
  CHECK(valid.revisits == 471);
  const auto log = load_log(folder.path() / "log");
  CHECK(std::count_if(log.requests.begin(), log.requests.end(),
                      [](const auto& request) { return request.split == Split::train; }) == 10814);
  double reciprocal = 0;  // of the first click-out's place among first views: the logged order
  for (const auto& page : log.pages) {
    if (page.revisit_of || log.requests[static_cast<std::size_t>(page.request)].split != Split::valid)
      continue;
    const auto click_out = std::find_if(page.events.begin(), page.events.end(),
                                        [](const auto& event) { return event.kind == EventKind::purchase; });
    reciprocal += 1.0 / (click_out->slot + 1);
  }
  CHECK(reciprocal / 993 == Approx(.518).margin(.0005));
}

}  // namespace
}  // namespace pagewright
