#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/config/config_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

enum class RecordTestKind { one, two };

struct RecordTestTerm {
  std::string name;
  double weight = 1;
  bool operator==(const RecordTestTerm&) const = default;
};

struct RecordTestConfig {
  int seed = 1;
  double rate = 1.0 / 3;
  float small = 0.1f;
  double unbounded = std::numeric_limits<double>::infinity();
  std::string text = "yes";
  std::optional<int> limit;
  std::vector<std::string> words{"a b", "#c", "12", ""};
  std::vector<int> none;
  std::map<std::string, double> shares{{"a: b", 0.5}, {"c", 1e-300}};
  RecordTestKind kind = RecordTestKind::two;
  std::vector<RecordTestKind> kinds{RecordTestKind::one};
  int epochs = 2;
  std::vector<RecordTestTerm> terms;
  std::map<std::string, int> slots;
  std::optional<int> critic_layers;
  bool operator==(const RecordTestConfig&) const = default;

  static RecordTestConfig from(const Section& root) {
    RecordTestConfig config;
    root.read_required("seed", config.seed, at_least(0), "the seed");
    root.read("rate", config.rate, in_left_open(0, 1).in_units("1/step"), "the rate");
    root.read("small", config.small, "a small number");
    root.read("unbounded", config.unbounded, "a bound");
    root.read("text", config.text, "a text\nof two lines");
    root.read("limit", config.limit, "a limit");
    root.read("words", config.words, "words");
    root.read("none", config.none, "an empty list");
    root.read("shares", config.shares, "shares");
    root.read_enum("kind", config.kind, {{"one", RecordTestKind::one}, {"two", RecordTestKind::two}},
                   "the kind");
    root.read_enum("kinds", config.kinds, {{"one", RecordTestKind::one}, {"two", RecordTestKind::two}},
                   "kinds");
    root.child("ppo", "policy optimisation").read("epochs", config.epochs, at_least(1), "epochs | passes");
    for (const Section& section : root.children("terms", "reward terms")) {
      RecordTestTerm& term = config.terms.emplace_back();
      section.read_required("name", term.name, "name of the term");
      section.read("weight", term.weight, "its weight");
    }
    for (const Section& section : root.named_children("sections", "section types"))
      section.read("slots", config.slots[section.name()], "slots of the section");
    if (const auto critic = root.optional_child("critic", "the critic"))
      config.critic_layers = critic->get("layers", 2, "its layers");
    return config;
  }
};

RecordTestConfig round_trip(const std::string& text) {
  const ConfigFile file = parse_config(text, "a.yaml");
  const RecordTestConfig config = RecordTestConfig::from(file.root());
  file.finish();
  const std::string effective = effective_yaml(file.keys());
  INFO(effective);
  const ConfigFile again = parse_config(effective, "effective.yaml");
  const RecordTestConfig second = RecordTestConfig::from(again.root());
  again.finish();
  CHECK(second == config);
  return second;
}

}  // namespace

TEST_CASE("the effective configuration loads again to the same values") {
  round_trip("seed: 3");
  const RecordTestConfig config = round_trip(R"(
seed: 4
rate: 1e-7
text: "quote \" backslash \\ tab \t line \n bell \a umlaut ü"
limit: 5
words: [null_, "null", "~", "- a", "{x}", "a: b", " space ", "true", "1e3", "@x", "%y", "!z", "&v", "*w"]
kinds: []
ppo: {epochs: 9}
terms:
  - {name: "first"}
  - {name: 2, weight: -.5}
sections:
  grid: {slots: 4}
  "odd name: [1]": {slots: 2}
  plain: {}
critic: {}
)");
  CHECK(config.limit == 5);
  CHECK(config.text == "quote \" backslash \\ tab \t line \n bell \a umlaut ü");
  CHECK(config.terms == std::vector<RecordTestTerm>{{"first", 1}, {"2", -0.5}});
  CHECK(config.slots == std::map<std::string, int>{{"grid", 4}, {"odd name: [1]", 2}, {"plain", 0}});
  CHECK(config.critic_layers == 2);
  CHECK(config.kinds.empty());
}

TEST_CASE("empty lists of sections survive and absent ones stay absent") {
  const ConfigFile file = parse_config("terms: []\nsections: {}\nseed: 1\n", "a.yaml");
  RecordTestConfig::from(file.root());
  const std::string text = effective_yaml(file.keys());
  const ConfigFile again = parse_config(text, "b.yaml");
  CHECK(again.root().has("terms"));
  CHECK(again.root().has("sections"));
  CHECK_FALSE(again.root().has("critic"));
  CHECK(test::contains(text, "# the critic\n# critic: (left out)\n"));
}

TEST_CASE("a section may be left out of the effective configuration, with all below it and nothing else") {
  const ConfigFile file = parse_config("seed: 1\nppo: {epochs: 4}\ncritic: {layers: 3}\n", "a.yaml");
  RecordTestConfig::from(file.root());
  const std::string text = effective_yaml(file.keys(), {"critic"});
  CHECK_FALSE(parse_config(text, "b.yaml").root().has("critic"));
  CHECK(test::contains(effective_yaml(file.keys()), text));
  CHECK(effective_yaml(file.keys(), {"crit"}) == effective_yaml(file.keys()));
}

TEST_CASE("the effective configuration carries meaning, type, range, unit and default of every key") {
  const ConfigFile file = parse_config("seed: 3\nppo: {epochs: 4}\nterms: [{name: x}]\n", "a.yaml");
  const Section root = file.root();
  RecordTestConfig::from(root);
  const std::string text = effective_yaml(file.keys());
  INFO(text);
  CHECK(
      text.starts_with("# the seed [integer at least 0, required]\nseed: 3\n"
                       "# the rate [number in (0, 1], 1/step, default]\n"
                       "rate: 0.3333333333333333\n"));
  CHECK(test::contains(text,
                       "# policy optimisation\nppo:\n"
                       "  # epochs | passes [integer at least 1, default 2]\n"
                       "  epochs: 4\n"));
  CHECK(test::contains(text, "# a text\n# of two lines [text, default]\ntext: \"yes\"\n"));
  CHECK(test::contains(text,
                       "# reward terms\nterms:\n  -\n"
                       "    # name of the term [text, required]\n    name: x\n"
                       "    # its weight [number, default]\n    weight: 1\n"));
  CHECK(test::contains(text, "kind: two\n"));
  CHECK(test::contains(text, "small: 0.1\n"));
  CHECK(test::contains(text, "unbounded: .inf\n"));
}

TEST_CASE("the reference page has a table for every section, optional ones and lists included") {
  const ConfigFile file = reference_config();
  RecordTestConfig::from(file.root());
  file.root().complain("seed", "complaints about defaults are no errors here");
  CHECK(file.errors().empty());
  const std::string page = configuration_reference_markdown(file.keys());
  INFO(page);
  CHECK(
      page.starts_with("## Top level\n\n"
                       "| key | type | default | meaning |\n"
                       "| --- | --- | --- | --- |\n"
                       "| `seed` | integer at least 0 | required | the seed |\n"
                       "| `rate` | number in (0, 1], 1/step | `0.3333333333333333` | the rate |\n"));
  CHECK(test::contains(page, "| `text` | text | `\"yes\"` | a text of two lines |\n"));
  CHECK(test::contains(page, "| `kind` | one of one, two | `two` | the kind |\n"));
  CHECK(test::contains(page,
                       "\n## `ppo`\n\npolicy optimisation\n\n"
                       "| key | type | default | meaning |\n| --- | --- | --- | --- |\n"
                       "| `epochs` | integer at least 1 | `2` | epochs \\| passes |\n"));
  CHECK(test::contains(page, "\n## `terms[]`\n\nreward terms (a list of sections)\n\n"));
  CHECK(test::contains(page, "| `name` | text | required | name of the term |\n"));
  CHECK(test::contains(page, "\n## `sections.<name>`\n\nsection types (a section for each name)\n\n"));
  CHECK(test::contains(page, "\n## `critic`\n\nthe critic (may be left out)\n\n"));
}

TEST_CASE("a key that is read twice has one record") {
  const ConfigFile file = parse_config("a: 1\n", "a.yaml");
  file.root().get("a", 0, "first");
  file.root().get("a", 0, "second");
  REQUIRE(file.keys().records().size() == 1);
  CHECK(file.keys().records()[0].doc == "second");
}

TEST_CASE("ranges contain what their text says") {
  CHECK(in_closed(0, 1).text() == "in [0, 1]");
  CHECK(in_open(0, 1).text() == "in (0, 1)");
  CHECK(in_left_open(0, 0.5).text() == "in (0, 0.5]");
  CHECK(in_right_open(-1, 1).text() == "in [-1, 1)");
  CHECK(at_least(1).text() == "at least 1");
  CHECK(at_most(2).text() == "at most 2");
  CHECK(above(0).text() == "above 0");
  CHECK(positive().text() == "above 0");
  CHECK(any_number().text().empty());
  CHECK((in_closed(0, 1).contains(0) && in_closed(0, 1).contains(1) && !in_closed(0, 1).contains(1.01)));
  CHECK((!in_open(0, 1).contains(0) && !in_open(0, 1).contains(1) && in_open(0, 1).contains(0.5)));
  CHECK((!in_left_open(0, 1).contains(0) && in_left_open(0, 1).contains(1)));
  CHECK((in_right_open(0, 1).contains(0) && !in_right_open(0, 1).contains(1)));
  CHECK((at_least(1).contains(1) && !at_least(1).contains(0.99)));
  CHECK((at_most(1).contains(1) && !at_most(1).contains(1.01)));
  CHECK((!above(1).contains(1) && above(1).contains(1.01)));
  CHECK(any_number().contains(std::numeric_limits<double>::infinity()));
}

}  // namespace pagewright
