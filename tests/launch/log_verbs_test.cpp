// The verbs import, inspect and init, as a user calls them.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "core/base/error.hpp"
#include "core/data/log_file.hpp"
#include "launch/verbs.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kLogVerbsData = PAGEWRIGHT_TEST_DATA;

class LogVerbsFolder {
 public:
  LogVerbsFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pagewright-verbs-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~LogVerbsFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  LogVerbsFolder(const LogVerbsFolder&) = delete;
  LogVerbsFolder& operator=(const LogVerbsFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// What a call prints; an Error comes out as "error: TEXT", a mistake in the arguments as "usage: TEXT".
std::string call_log_verb(std::vector<std::string> arguments) {
  CLI::App app;
  add_import_verb(app);
  add_inspect_verb(app);
  add_init_verb(app);
  std::ostringstream printed;
  auto* const before = std::cout.rdbuf(printed.rdbuf());
  std::string problem;
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    problem = std::string("usage: ") + error.what();
  } catch (const Error& error) {
    problem = std::string("error: ") + error.what();
  }
  std::cout.rdbuf(before);
  return printed.str() + problem;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kPagesFile = (kLogVerbsData / "jsonl_form" / "pages.jsonl").string();
const std::string kTrivagoFile = (kLogVerbsData / "trivago_form" / "made_up.jsonl").string();

TEST_CASE("import writes a log that inspect shows") {
  const LogVerbsFolder folder;
  const auto log = folder.file("log");
  const auto imported = call_log_verb({"import", kPagesFile, "--out", log, "--split", "test"});
  CHECK(holds(imported, "rows 3, pages 2, revisits 1, unusable rows 0"));
  CHECK(holds(imported, "1 events of action 'scroll' left out"));
  CHECK(load_log(log).requests[0].split == Split::test);
  CHECK(holds(call_log_verb({"import", kTrivagoFile, "--out", log}), "error: "));
  CHECK(holds(call_log_verb({"import", kTrivagoFile, "--format", "trivago", "--append", "--out", log}),
              "pages 8"));
  const auto shown = call_log_verb({"inspect", log});
  CHECK(holds(shown, "source: jsonl: pages.jsonl"));
  CHECK(holds(shown, "source: trivago: made_up.jsonl"));
  CHECK(holds(shown, "parts:  2"));
  CHECK(holds(shown, "What looks wrong:"));
}

TEST_CASE("import divides by user shares and by time as told, one way at a time") {
  const LogVerbsFolder folder;
  call_log_verb({"import", kPagesFile, "--out", folder.file("a"), "--split-shares", "1", "0"});
  for (const auto& request : load_log(folder.file("a")).requests) CHECK(request.split == Split::valid);
  call_log_verb(
      {"import", kPagesFile, "--out", folder.file("b"), "--split-times", "1700000001", "1700003600"});
  const auto log = load_log(folder.file("b"));
  CHECK(log.requests[0].split == Split::train);
  CHECK(log.requests[1].split == Split::test);
  CHECK(holds(call_log_verb({"import", kPagesFile, "--out", folder.file("c"), "--split-shares", "1", "1"}),
              "error: "));
  CHECK(holds(call_log_verb({"import", kPagesFile, "--out", folder.file("c"), "--split", "dev"}),
              "'dev' is no split"));
  CHECK(holds(call_log_verb({"import", kPagesFile, "--out", folder.file("c"), "--split", "test",
                             "--split-shares", "1", "0"}),
              "usage: "));
  CHECK_FALSE(std::filesystem::exists(folder.file("c")));
}

TEST_CASE("a missing input, an input that is a folder and an output that cannot be made are errors") {
  const LogVerbsFolder folder;
  CHECK(holds(call_log_verb({"import", folder.file("none.jsonl"), "--out", folder.file("log")}),
              "error: " + folder.file("none.jsonl") + ": cannot be opened"));
  CHECK_FALSE(std::filesystem::exists(folder.file("log")));
  CHECK(holds(call_log_verb({"import", folder.file("."), "--out", folder.file("log")}),
              "a folder, a file is needed"));
  std::ofstream(folder.file("file")) << "x";
  CHECK(holds(call_log_verb({"import", kPagesFile, "--out", folder.file("file")}),
              "error: cannot make the folder '" + folder.file("file")));
  CHECK(holds(call_log_verb({"import", kPagesFile, "--out", folder.file("file/log")}),
              "error: cannot make the folder '" + folder.file("file")));
  CHECK(holds(call_log_verb({"inspect", folder.file("none")}), "no such folder"));
  CHECK(holds(call_log_verb({"import", "--out", folder.file("log")}), "usage: "));
}

TEST_CASE("init looks at a file or a log and writes a configuration once") {
  const LogVerbsFolder folder;
  const auto first = call_log_verb({"init", kPagesFile, "--out", folder.file("mine")});
  CHECK(holds(first, "rows 3, pages 2"));
  CHECK(holds(first, "only 2 users"));
  CHECK(holds(first, "wrote " + folder.file("mine/config.yaml")));
  CHECK(load_log(folder.file("mine/log")).pages.size() == 3);
  std::stringstream text;
  text << std::ifstream(folder.file("mine/config.yaml")).rdbuf();
  CHECK(holds(text.str(), "log: \"" + folder.file("mine/log") + "\""));
  CHECK(holds(call_log_verb({"init", kPagesFile, "--out", folder.file("mine")}),
              "config.yaml: exists already"));
  call_log_verb({"init", folder.file("mine/log"), "--out", folder.file("other")});
  CHECK(std::filesystem::exists(folder.file("other/config.yaml")));
  CHECK_FALSE(std::filesystem::exists(folder.file("other/log")));
  std::filesystem::remove(folder.file("mine/config.yaml"));
  CHECK(holds(call_log_verb({"init", kPagesFile, "--out", folder.file("mine")}),
              "use it: pagewright init " + folder.file("mine/log") + " --out " + folder.file("mine")));
  CHECK(holds(call_log_verb({"init", folder.file("none"), "--out", folder.file("x")}),
              "no such file or folder"));
  CHECK_FALSE(std::filesystem::exists(folder.file("x")));
}

}  // namespace
}  // namespace pagewright
