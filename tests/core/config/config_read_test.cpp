#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/config/config_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

enum class ReadTestForm { utility, pairs, both };

struct ReadTestValues {
  bool flag = false;
  int count = 7;
  int64_t large = 8;
  uint64_t seed = 9;
  float rate = 0.5f;
  double clip = 0.25;
  std::string name = "default";
  std::filesystem::path folder = "runs";
  std::optional<int> limit = 3;
  std::optional<std::string> label;
  std::optional<double> target;
  std::vector<int> sizes{1, 2};
  std::vector<double> weights;
  std::vector<bool> flags;
  std::vector<std::string> words;
  std::vector<uint64_t> seeds;
  std::map<std::string, std::string> fields;
  std::map<std::string, double> shares;
  ReadTestForm form = ReadTestForm::pairs;
  std::vector<ReadTestForm> forms{ReadTestForm::both};

  static ReadTestValues from(const Section& section) {
    ReadTestValues values;
    section.read("flag", values.flag, "a flag");
    section.read("count", values.count, in_closed(0, 10), "a count");
    section.read("large", values.large, "a large number");
    section.read("seed", values.seed, "the seed");
    section.read("rate", values.rate, positive(), "the rate");
    section.read("clip", values.clip, in_open(0, 1), "the clip range");
    section.read("name", values.name, "a name");
    section.read("folder", values.folder, "a folder");
    section.read("limit", values.limit, at_least(0), "a limit");
    section.read("label", values.label, "a label");
    section.read("target", values.target, "a target");
    section.read("sizes", values.sizes, at_least(1), "sizes");
    section.read("weights", values.weights, "weights");
    section.read("flags", values.flags, "flags");
    section.read("words", values.words, "words");
    section.read("seeds", values.seeds, "seeds");
    section.read("fields", values.fields, "fields");
    section.read("shares", values.shares, in_closed(0, 1), "shares");
    section.read_enum(
        "form", values.form,
        {{"utility", ReadTestForm::utility}, {"pairs", ReadTestForm::pairs}, {"both", ReadTestForm::both}},
        "form");
    section.read_enum(
        "forms", values.forms,
        {{"utility", ReadTestForm::utility}, {"pairs", ReadTestForm::pairs}, {"both", ReadTestForm::both}},
        "forms");
    return values;
  }
};

ReadTestValues read_values(const std::string& text) {
  const ConfigFile file = parse_config(text, "a.yaml");
  ReadTestValues values = ReadTestValues::from(file.root());
  file.finish();
  return values;
}

/// What finish() says after reading the values from a text.
std::string values_error(const std::string& text) {
  const ConfigFile file = parse_config(text, "a.yaml");
  ReadTestValues::from(file.root());
  return test::error_text([&] { file.finish(); });
}

}  // namespace

TEST_CASE("an empty file leaves every default") {
  for (const char* text : {"", "# only a comment\n", "---\n"}) {
    const ReadTestValues values = read_values(text);
    CHECK(values.count == 7);
    CHECK(values.clip == 0.25);
    CHECK(values.name == "default");
    CHECK(values.limit == 3);
    CHECK(values.sizes == std::vector<int>{1, 2});
    CHECK(values.form == ReadTestForm::pairs);
  }
}

TEST_CASE("values of every type are read") {
  const ReadTestValues values = read_values(R"(
flag: true
count: 10
large: -9000000000000
seed: 18446744073709551615
rate: 3e-4
clip: .5
name: 12 blue shoes
folder: /tmp/x y
limit: null
label: "a: b"
target: -2.5
sizes: [3, 4, 5]
weights: [1, 2.5, .inf]
flags: [true, false]
words:
  - one
  - "2"
seeds: [1, 18446744073709551615]
fields: {title: text, price: 3}
shares: {a: 0, b: 0.5}
form: utility
forms: [both, utility]
)");
  CHECK(values.flag);
  CHECK(values.count == 10);
  CHECK(values.large == -9000000000000);
  CHECK(values.seed == 18446744073709551615ull);
  CHECK(values.rate == 3e-4f);
  CHECK(values.clip == 0.5);
  CHECK(values.name == "12 blue shoes");
  CHECK(values.folder == "/tmp/x y");
  CHECK_FALSE(values.limit.has_value());
  CHECK(values.label == "a: b");
  CHECK(values.target == -2.5);
  CHECK(values.sizes == std::vector<int>{3, 4, 5});
  CHECK(values.weights == std::vector<double>{1, 2.5, std::numeric_limits<double>::infinity()});
  CHECK(values.flags == std::vector<bool>{true, false});
  CHECK(values.words == std::vector<std::string>{"one", "2"});
  CHECK(values.seeds == std::vector<uint64_t>{1, 18446744073709551615ull});
  CHECK(values.fields == std::map<std::string, std::string>{{"title", "text"}, {"price", "3"}});
  CHECK(values.shares == std::map<std::string, double>{{"a", 0}, {"b", 0.5}});
  CHECK(values.form == ReadTestForm::utility);
  CHECK(values.forms == std::vector<ReadTestForm>{ReadTestForm::both, ReadTestForm::utility});
}

TEST_CASE("a wrong type is reported with the place of the value") {
  CHECK(values_error("clip: high") == "a.yaml:1:7: 'clip' must be a number, not 'high'");
  CHECK(values_error("clip: nan") == "a.yaml:1:7: 'clip' must be a number, not 'nan'");
  CHECK(values_error("clip: .nan") == "a.yaml:1:7: 'clip' must be a number, not '.nan'");
  CHECK(values_error("clip: 1e") == "a.yaml:1:7: 'clip' must be a number, not '1e'");
  CHECK(values_error("clip: 1e999") == "a.yaml:1:7: 'clip' = 1e999 does not fit in a number");
  CHECK(values_error("clip: \"0.5\"") ==
        "a.yaml:1:7: 'clip' must be a number, not the text \"0.5\" (leave out the quotes)");
  CHECK(values_error("clip: [1]") == "a.yaml:1:7: 'clip' must be a number, not a list");
  CHECK(values_error("clip: {a: 1}") == "a.yaml:1:7: 'clip' must be a number, not a mapping");
  CHECK(values_error("clip:\ncount: 1") == "a.yaml:1:1: 'clip' has no value; it must be a number");
  CHECK(values_error("count: 1.5") == "a.yaml:1:8: 'count' must be an integer, not '1.5'");
  CHECK(values_error("count: 1_000") == "a.yaml:1:8: 'count' must be an integer, not '1_000'");
  CHECK(values_error("flag: yes") == "a.yaml:1:7: 'flag' must be true or false, not 'yes'");
  CHECK(values_error("flag: 'true'") ==
        "a.yaml:1:7: 'flag' must be true or false, not the text \"true\" (leave out the quotes)");
  CHECK(values_error("name: [a]") == "a.yaml:1:7: 'name' must be a text, not a list");
  CHECK(values_error("name: ~") ==
        "a.yaml:1:1: 'name' has no value; it must be a text (\"\" for an empty one)");
  CHECK(values_error("folder: {}") == "a.yaml:1:9: 'folder' must be a path, not a mapping");
  CHECK(values_error("limit: x") == "a.yaml:1:8: 'limit' must be an integer, not 'x'");
  CHECK(values_error("sizes: 3") == "a.yaml:1:8: 'sizes' must be a list of integer, not '3'");
  CHECK(values_error("sizes: [3, x]") == "a.yaml:1:12: 'sizes[1]' must be an integer, not 'x'");
  CHECK(values_error("fields: 3") == "a.yaml:1:9: 'fields' must be a map of names to text, not '3'");
  CHECK(values_error("shares: {a: x}") == "a.yaml:1:13: 'shares.a' must be a number, not 'x'");
}

TEST_CASE("a number outside its range is reported with the range") {
  CHECK(values_error("clip: 1.5") == "a.yaml:1:7: 'clip' = 1.5 must be in (0, 1)");
  CHECK(values_error("clip: 0") == "a.yaml:1:7: 'clip' = 0 must be in (0, 1)");
  CHECK(values_error("count: 11") == "a.yaml:1:8: 'count' = 11 must be in [0, 10]");
  CHECK(values_error("rate: 0") == "a.yaml:1:7: 'rate' = 0 must be above 0");
  CHECK(values_error("limit: -1") == "a.yaml:1:8: 'limit' = -1 must be at least 0");
  CHECK(values_error("sizes:\n  - 1\n  - 0") == "a.yaml:3:5: 'sizes[1]' = 0 must be at least 1");
  CHECK(values_error("shares: {a: 0.5, b: 2}") == "a.yaml:1:21: 'shares.b' = 2 must be in [0, 1]");
  CHECK(values_error("count: 3000000000") ==
        "a.yaml:1:8: 'count' = 3000000000 must be in [-2147483648, 2147483647]");
  CHECK(values_error("seed: -1") == "a.yaml:1:7: 'seed' = -1 must be in [0, 18446744073709551615]");
}

TEST_CASE("a wrong name of a choice is reported with all names and the nearest") {
  CHECK(values_error("form: utilty") ==
        "a.yaml:1:7: 'form' must be one of utility, pairs, both, not 'utilty'; did you mean 'utility'?");
  CHECK(values_error("form: xyz") == "a.yaml:1:7: 'form' must be one of utility, pairs, both, not 'xyz'");
  CHECK(values_error("form: [both]") == "a.yaml:1:7: 'form' must be one of utility, pairs, both, not a list");
  CHECK(values_error("forms: both") ==
        "a.yaml:1:8: 'forms' must be a list of utility, pairs, both, not 'both'");
  CHECK(values_error("forms: [both, pair]") ==
        "a.yaml:1:15: 'forms[1]' must be one of utility, pairs, both, not 'pair'; did you mean 'pairs'?");
}

TEST_CASE("a wrong value leaves the default in place") {
  const ConfigFile file = parse_config("clip: 7\nsizes: [5, 0]\nlimit: -3\nform: nothing\n", "a.yaml");
  const ReadTestValues values = ReadTestValues::from(file.root());
  CHECK(values.clip == 0.25);
  CHECK(values.sizes == std::vector<int>{1, 2});
  CHECK(values.limit == 3);
  CHECK(values.form == ReadTestForm::pairs);
  CHECK(file.errors().size() == 4);
}

TEST_CASE("a missing required key is reported at its section with its meaning") {
  const ConfigFile file = parse_config("data:\n  other: 1\n", "a.yaml");
  std::string log, mode;
  ReadTestForm form = ReadTestForm::both;
  int other = 0;
  const Section data = file.root().child("data");
  data.read("other", other, "another key");
  data.read_required("log", log, "folder of the feedback log");
  file.root().read_required("mode", mode, "what to do");
  data.read_required_enum("form", form, {{"both", ReadTestForm::both}}, "the form");
  file.root().child("absent").read_required("x", other, at_least(0), "an x");
  CHECK(file.errors() == std::vector<std::string>{
                             "a.yaml:1:1: missing key 'data.log': folder of the feedback log",
                             "a.yaml:1:1: missing key 'mode': what to do",
                             "a.yaml:1:1: missing key 'data.form': the form",
                             "a.yaml:1:1: missing key 'absent.x': an x",
                         });
}

TEST_CASE("get returns the value of the file or the fallback") {
  const ConfigFile file = parse_config("a: 3\n", "a.yaml");
  CHECK(file.root().get("a", 1, "an a") == 3);
  CHECK(file.root().get("b", 2.5, in_closed(0, 3), "a b") == 2.5);
  CHECK(file.root().get<std::string>("c", "see", "a c") == "see");
  file.finish();
}

}  // namespace pagewright
