#include "launch/initial_config.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/base/error.hpp"
#include "core/config/config_file.hpp"
#include "core/data/bind_log.hpp"
#include "core/data/import.hpp"
#include "core/page/page_language.hpp"
#include "tests/support/catch.hpp"

#if __has_include("launch/experiment.hpp")
#include "launch/experiment.hpp"
#define PAGEWRIGHT_TEST_EXPERIMENT 1
#endif

namespace pagewright {
namespace {

const std::filesystem::path kInitialConfigData = PAGEWRIGHT_TEST_DATA;

class InitialConfigFolder {
 public:
  InitialConfigFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pagewright-init-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~InitialConfigFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  InitialConfigFolder(const InitialConfigFolder&) = delete;
  InitialConfigFolder& operator=(const InitialConfigFolder&) = delete;
  std::filesystem::path path_;
};

/// The schema and the prompt of a configuration must take every page and request of the log it was made for.
void check_fits(const std::string& text, FeedbackLog log) {
  const auto file = parse_config(text, "config.yaml");
  const auto root = file.root();
  const auto schema = PageSchema::from(root.child("schema", ""));
  const auto prompt = PromptTemplate::from(root.child("prompt", ""));
  for (const auto& error : file.errors()) CHECK(error.find("schema") == std::string::npos);
  for (const auto& error : file.errors()) CHECK(error.find("prompt") == std::string::npos);
  const PageLanguage language(schema, prompt, CandidateOrderKind::shuffled, 1);
  bind_to_schema(log, schema);
  for (const auto& page : log.pages) {
    const auto& request = log.requests[static_cast<std::size_t>(page.request)].request;
    CHECK(page_violations(schema, request, page.page) == std::vector<std::string>{});
    CandidateOrder order(request.candidates.size());
    std::iota(order.begin(), order.end(), 0);
    CHECK(language.prompt(request, order).tokens.size() > static_cast<int>(order.size()));
    CHECK(language.encode(order, page.page).spans.slots.size() ==
          static_cast<std::size_t>(page.page.slot_count()));
  }
}

void check_loads([[maybe_unused]] const std::string& text) {
#ifdef PAGEWRIGHT_TEST_EXPERIMENT
  const InitialConfigFolder folder;
  const auto path = folder.path_ / "config.yaml";
  std::ofstream(path) << text;
  const auto loaded = load_experiment(path, {});
  CHECK(loaded.experiment.run == "out/run");
  CHECK(loaded.experiment.log == "out/log");
  CHECK(loaded.experiment.policies.size() == 3);
#endif
}

TEST_CASE("the configuration made for a log is valid and takes every page of it") {
  const auto log = kInitialConfigData / "log-v1";
  const auto text = initial_config(summarise_log(log), {"out/run", "out/log"});
  CHECK(text.find("min_sections: 1\n  max_sections: 2") != std::string::npos);
  CHECK(text.find("\"{seller|hash:8}\"") != std::string::npos);
  CHECK(text.find("brand") == text.rfind("brand"));  // one value says nothing: only the comment names it
  check_fits(text, load_log(log));
  check_loads(text);
}

TEST_CASE("a log of plain lists gets one section and no fields that it lacks") {
  const InitialConfigFolder folder;
  ImportOptions options;
  options.format = "trivago";
  options.split.kind = SplitRule::Kind::all;
  import_log({kInitialConfigData / "trivago_form" / "made_up.jsonl"}, folder.path_ / "log", options);
  const auto text = initial_config(summarise_log(folder.path_ / "log"), {"out/run", "out/log"});
  CHECK(text.find("section_order: [\"results\"]") != std::string::npos);
  CHECK(text.find("\"results\": {layout: list, min_slots: 1, max_slots: 6}") != std::string::npos);
  CHECK(text.find("max_candidates: 6") != std::string::npos);
  CHECK(text.find("features") == std::string::npos);
  CHECK(text.find("{category") == std::string::npos);
  CHECK(text.find("{age") == std::string::npos);
  CHECK(text.find("last_touched") != std::string::npos);
  check_fits(text, load_log(folder.path_ / "log"));
  check_loads(text);
}

TEST_CASE("names of sections, features and paths that YAML could misread are kept") {
  FeedbackLog log = load_log(kInitialConfigData / "log-v1");
  for (auto& page : log.pages)
    for (auto& name : page.section_names) name = "a: \"" + name + "\" #\\";
  for (auto& request : log.requests)
    for (std::size_t i = 0; i < request.request.candidates.size(); ++i)
      request.request.candidates[i].features["yes: no"] = static_cast<double>(i);
  const InitialConfigFolder folder;
  write_log(folder.path_ / "log", log, {"", ""});
  const auto text = initial_config(summarise_log(folder.path_ / "log"), {"out/run", "out/log"});
  check_fits(text, log);
  check_loads(text);
}

TEST_CASE("a log without feedback or without training requests gets no configuration") {
  auto summary = summarise_log(kInitialConfigData / "log-v1");
  auto other = summary;
  other.pages_with_feedback = 0;
  CHECK_THROWS_AS(initial_config(other, {"r", "l"}), Error);
  summary.requests_of_split = {0, 2, 0};
  CHECK_THROWS_AS(initial_config(summary, {"r", "l"}), Error);
}

}  // namespace
}  // namespace pagewright
