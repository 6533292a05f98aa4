#include "launch/page_examples.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

PageSchema examples_schema() {
  PageSchema schema;
  schema.section_types = {{.name = "top", .layout = "carousel", .min_slots = 2, .max_slots = 2},
                          {.name = "more", .layout = "grid", .min_slots = 1, .max_slots = 4, .columns = 2}};
  schema.max_sections = 2;
  return schema;
}

/// Two requests, the first with a click and a purchase on the page shown; two policies.
struct ExamplesFixture {
  ExamplesFixture() {
    for (int r = 0; r < 2; ++r) {
      LoggedRequest& logged = log.requests.emplace_back();
      logged.request.id = "r" + std::to_string(r);
      logged.request.user = r == 0 ? "anna" : "";
      logged.request.context = {{"device", "phone"}};
      for (int i = 0; i < 5; ++i) {
        Item& item = logged.request.candidates.emplace_back();
        item.id = "i" + std::to_string(i);
        item.title = "Cup \"" + std::to_string(i) + "\" \u00fc";
        item.price = 100 * i;
        item.currency = "EUR";
      }
      LoggedPage& page = log.pages.emplace_back();
      page.page_id = "p" + std::to_string(r);
      page.request = r;
      page.page.sections = {{0, {4, 3}}, {1, {0}}};
      page.section_names = {"top", "more"};
    }
    log.pages[0].events = {{EventKind::click, 1, 0, std::nullopt, 1}, {EventKind::purchase, 1, 0, 300, 2}};
    log.pages[1].revisit_of = "p0";
    for (int r = 0; r < 2; ++r)
      cases.push_back({&log.requests[static_cast<std::size_t>(r)].request, r + 10,
                       &log.pages[static_cast<std::size_t>(r)]});
    PageMetrics known;
    known.ndcg = 0.1;
    known.true_gmv = 12.5;
    EvaluatedPage invalid{11, Page{{{0, {1, 1}}}}, {"duplicate_item", "slot_range"}, {}};
    policies.push_back({"logged", {{10, Page{{{0, {4, 3}}, {1, {0}}}}, {}, known}, invalid}, {}});
    policies.push_back(
        {"both", {{10, Page{{{0, {0, 1}}}}, {}, {}}, {11, Page{{{-1, {9}}}}, {"unknown_item"}, {}}}, {}});
  }
  FeedbackLog log;
  std::vector<EvaluationCase> cases;
  std::vector<PolicyPages> policies;
};

TEST_CASE("Page examples read back as they were written") {
  const test::TemporaryFolder folder;
  const auto path = folder / "pages.jsonl";
  const ExamplesFixture made;
  write_page_examples(path, examples_schema(), made.cases, made.policies);
  const auto examples = read_page_examples(path, examples_schema());
  REQUIRE(examples.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(examples[i].request == *made.cases[i].request);
    CHECK(examples[i].key == made.cases[i].key);
    CHECK(examples[i].shown == made.log.pages[i].page);
    CHECK(examples[i].page_id == made.log.pages[i].page_id);
    REQUIRE(examples[i].policies.size() == 2);
    for (std::size_t p = 0; p < 2; ++p) {
      CHECK(examples[i].policies[p].policy == made.policies[p].name);
      CHECK(examples[i].policies[p].page == made.policies[p].pages[i].page);
      CHECK(examples[i].policies[p].violations == made.policies[p].pages[i].violations);
    }
  }
  CHECK_FALSE(examples[0].same_list);
  CHECK(examples[1].same_list);
  CHECK(examples[0].feedback[1].clicks == 1);
  CHECK(examples[0].feedback[1].purchases == 2);
  CHECK(examples[0].feedback[1].revenue == 600);
  CHECK(examples[0].feedback[0].clicks == 0);
  const PolicyExample* logged = examples[0].find("logged");
  REQUIRE(logged != nullptr);
  CHECK(logged->metrics.ndcg == 0.1);
  CHECK(logged->metrics.true_gmv == 12.5);
  CHECK(std::isnan(logged->metrics.true_ctr));
  CHECK(examples[0].find("nobody") == nullptr);
}

TEST_CASE("A line of page examples has the documented form") {
  const test::TemporaryFolder folder;
  const auto path = folder / "pages.jsonl";
  const ExamplesFixture made;
  write_page_examples(path, examples_schema(), made.cases, made.policies);
  const std::string content = read_file(path);
  const auto json = nlohmann::json::parse(content.substr(0, content.find('\n')));
  CHECK(json.at("request").at("candidates").size() == 5);
  CHECK(json.at("shown").at("sections").at(0) == nlohmann::json({{"type", "top"}, {"items", {4, 3}}}));
  CHECK(json.at("shown").at("feedback").at(0).empty());
  CHECK(json.at("policies").at("logged").at("metrics") ==
        nlohmann::json({{"ndcg", 0.1}, {"true_gmv", 12.5}}));
}

TEST_CASE("Page examples that cannot be read are errors that name file and line") {
  const test::TemporaryFolder folder;
  const auto path = folder / "pages.jsonl";
  CHECK(test::contains(test::error_text([&] { read_page_examples(path, examples_schema()); }),
                       "pagewright evaluate"));
  const ExamplesFixture made;
  write_page_examples(path, examples_schema(), made.cases, made.policies);
  const std::string content = read_file(path);
  write_file_atomically(path, content.substr(0, content.size() - 40));
  CHECK(test::contains(test::error_text([&] { read_page_examples(path, examples_schema()); }),
                       "pages.jsonl:2"));
  write_file_atomically(path, content);
  PageSchema other = examples_schema();
  other.section_types[1].name = "rest";
  CHECK(test::contains(test::error_text([&] { read_page_examples(path, other); }), "section type more"));
}

}  // namespace
}  // namespace pagewright
