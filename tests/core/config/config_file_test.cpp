#include "core/config/config_file.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using Lines = std::vector<std::string>;

struct FileTestPpo {
  double clip = 0.2;
  int epochs = 2;

  static FileTestPpo from(const Section& section) {
    FileTestPpo ppo;
    section.read("clip", ppo.clip, in_open(0, 1), "clip range");
    section.read("epochs", ppo.epochs, at_least(1), "epochs per iteration");
    return ppo;
  }
};

Lines ppo_errors(const std::string& text, const std::vector<std::string>& sets = {}) {
  const ConfigFile file = parse_config(text, "a.yaml", sets);
  FileTestPpo::from(file.root().child("ppo"));
  int seed = 0;
  file.root().read("seed", seed, "the seed");
  return file.errors();
}

FileTestPpo read_ppo(const std::string& text, const std::vector<std::string>& sets = {}) {
  const ConfigFile file = parse_config(text, "a.yaml", sets);
  const FileTestPpo ppo = FileTestPpo::from(file.root().child("ppo"));
  file.finish();
  return ppo;
}

}  // namespace

TEST_CASE("an unknown key is reported with the nearest known one") {
  CHECK(ppo_errors("ppo:\n  clip: 0.1\n  epoch: 3\n") ==
        Lines{"a.yaml:3:3: unknown key 'ppo.epoch'; did you mean 'epochs'?"});
  CHECK(ppo_errors("ppo:\n  zzz: 3\n") == Lines{"a.yaml:2:3: unknown key 'ppo.zzz'"});
  CHECK(ppo_errors("pop:\n  clip: 7\n  nonsense: 3\n") ==
        Lines{"a.yaml:1:1: unknown key 'pop'; did you mean 'ppo'?"});
  CHECK(ppo_errors("clip: 0.1\n") == Lines{"a.yaml:1:1: unknown key 'clip'; did you mean 'ppo.clip'?"});
}

TEST_CASE("a duplicate key is reported at its second place and the first counts") {
  CHECK(ppo_errors("ppo:\n  clip: 0.1\n  clip: 0.3\n") ==
        Lines{"a.yaml:3:3: duplicate key 'ppo.clip'; it is first at a.yaml:2:3"});
  CHECK(ppo_errors("ppo: {}\nseed: 1\nppo: {clip: 9}\n") ==
        Lines{"a.yaml:3:1: duplicate key 'ppo'; it is first at a.yaml:1:1"});
}

TEST_CASE("a section that is no mapping is reported") {
  CHECK(ppo_errors("ppo: 3\n") == Lines{"a.yaml:1:6: 'ppo' must be a mapping, not '3'"});
  CHECK(ppo_errors("ppo: [clip, 3]\n") == Lines{"a.yaml:1:6: 'ppo' must be a mapping, not a list"});
  CHECK(ppo_errors("ppo:\n  # clip: 0.1\n").empty());
}

TEST_CASE("all errors are reported at once in the order of the file, then those of the command line") {
  const ConfigFile file = parse_config("seed: x\nppo:\n  epoch: 3\n  clip: 2\n  clip: 3\nother: 1\n",
                                       "dir/b.yaml", std::vector<std::string>{"ppo.epochs=0"});
  int seed = 0;
  FileTestPpo::from(file.root().child("ppo"));
  file.root().read("seed", seed, "the seed");
  file.root().child("ppo").complain("clip", "'ppo.clip' is too bold");
  CHECK_THROWS_WITH(file.finish(),
                    "dir/b.yaml:1:7: 'seed' must be an integer, not 'x'\n"
                    "dir/b.yaml:3:3: unknown key 'ppo.epoch'; did you mean 'epochs'?\n"
                    "dir/b.yaml:4:9: 'ppo.clip' = 2 must be in (0, 1)\n"
                    "dir/b.yaml:4:9: 'ppo.clip' is too bold\n"
                    "dir/b.yaml:5:3: duplicate key 'ppo.clip'; it is first at dir/b.yaml:4:3\n"
                    "dir/b.yaml:6:1: unknown key 'other'\n"
                    "command line (--set ppo.epochs=0): 'ppo.epochs' = 0 must be at least 1");
}

TEST_CASE("a text that is not YAML is refused with its place") {
  const auto said_of = [](const std::string& text) {
    return test::error_text([&] { parse_config(text, "a.yaml"); });
  };
  CHECK(said_of("a: [1, 2\nb: 3\n").starts_with("a.yaml:2:"));
  CHECK(said_of("a:\n\t b: 1\n").starts_with("a.yaml:2:"));
  CHECK(said_of("a: *nothing\n").starts_with("a.yaml:1:4: not valid YAML: "));
  CHECK_THROWS_WITH(parse_config("- 1\n- 2\n", "a.yaml"),
                    "a.yaml:1:1: the file must hold a mapping of keys, not a list");
  CHECK_THROWS_WITH(parse_config("hello\n", "a.yaml"),
                    "a.yaml:1:1: the file must hold a mapping of keys, not 'hello'");
  CHECK_THROWS_WITH(parse_config("a: 1\n---\nb: 2\n", "a.yaml"),
                    "a.yaml:3:1: a second YAML document begins here; a configuration is one document");
  CHECK_THROWS_WITH(parse_config("[a, b]: 1\n", "a.yaml"), "a.yaml:1:1: a key must be a text");
  CHECK_THROWS_WITH(parse_config("a: &x [1, *x]\n", "a.yaml"),
                    "a.yaml:1:11: this alias stands inside its own anchor");
}

TEST_CASE("aliases of aliases cannot fill the memory") {
  std::string text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 10; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) text += fmt::format("{}*a{}", j == 0 ? "" : ", ", i - 1);
    text += "]\n";
  }
  CHECK(test::contains(test::error_text([&] { parse_config(text, "a.yaml"); }),
                       "the aliases stand for too many values"));
}

TEST_CASE("an alias is the value of its anchor") {
  const ConfigFile file = parse_config("one: &ppo {clip: 0.3, epochs: 5}\ntwo: *ppo\n", "a.yaml");
  CHECK(FileTestPpo::from(file.root().child("one")).epochs == 5);
  CHECK(FileTestPpo::from(file.root().child("two")).clip == 0.3);
  file.finish();
}

TEST_CASE("a missing file is named") {
  CHECK_THROWS_WITH(load_config("/nowhere/x.yaml"),
                    "cannot read '/nowhere/x.yaml': No such file or directory");
}

TEST_CASE("the command line overrides the file and makes missing sections") {
  CHECK(read_ppo("ppo: {clip: 0.1}", {"ppo.clip=0.3"}).clip == 0.3);
  CHECK(read_ppo("", {"ppo.clip=0.3", "ppo.epochs=4"}).epochs == 4);
  CHECK(read_ppo("ppo:\n", {"ppo.epochs=4"}).epochs == 4);
  CHECK(read_ppo("", {"ppo={clip: 0.4, epochs: 6}", "ppo.epochs=7"}).epochs == 7);
  CHECK(read_ppo("ppo: {clip: 7}", {"ppo.clip=0.3"}).clip == 0.3);

  const ConfigFile file = parse_config(
      "terms:\n  - {weight: 1}\n  - {weight: 2}\n", "a.yaml",
      std::vector<std::string>{"terms[1].weight=5", "terms.0.weight=4", "sizes=[1, 2]", "text=a=b"});
  const auto terms = file.root().children("terms");
  REQUIRE(terms.size() == 2);
  CHECK(terms[0].get("weight", 0, "weight") == 4);
  CHECK(terms[1].get("weight", 0, "weight") == 5);
  CHECK(file.root().get("sizes", std::vector<int>{}, "sizes") == std::vector<int>{1, 2});
  CHECK(file.root().get<std::string>("text", "", "text") == "a=b");
  file.finish();
}

TEST_CASE("errors of the command line name the option") {
  CHECK(ppo_errors("", {"ppo.clip=1.5"}) ==
        Lines{"command line (--set ppo.clip=1.5): 'ppo.clip' = 1.5 must be in (0, 1)"});
  CHECK(ppo_errors("", {"ppo.clp=0.5"}) ==
        Lines{"command line (--set ppo.clp=0.5): unknown key 'ppo.clp'; did you mean 'clip'?"});
  CHECK(ppo_errors("", {"ppo.clip"}) == Lines{"command line (--set ppo.clip): write it as --set KEY=VALUE"});
  CHECK(ppo_errors("", {"=3"}) == Lines{"command line (--set =3): write it as --set KEY=VALUE"});
  CHECK(ppo_errors("", {"ppo..clip=0.5"}) ==
        Lines{"command line (--set ppo..clip=0.5): the key has an empty part"});
  CHECK(ppo_errors("seed: 3", {"seed.x=1"}) ==
        Lines{"command line (--set seed.x=1): 'seed' is '3', so it has no key 'x'"});
  const Lines bad_yaml = ppo_errors("", {"seed=[1"});
  REQUIRE(bad_yaml.size() == 1);
  CHECK(bad_yaml[0].starts_with("command line (--set seed=[1): not valid YAML: "));
  CHECK(ppo_errors("seed: [1, 2]", {"seed.2=1"}).back() ==
        "command line (--set seed.2=1): 'seed' has 2 elements, counted from 0; there is no 2");
  CHECK(ppo_errors("seed: [1, 2]", {"seed.x=1"}).back() ==
        "command line (--set seed.x=1): 'seed' is a list; name its element by a number from 0");
}

TEST_CASE("lists and maps of sections are read in the order of the file") {
  const ConfigFile file = parse_config(
      "terms:\n  - {name: a}\n  - {nam: b}\n  - 3\nsections:\n  grid: {slots: 4}\n  carousel:\n    slots: "
      "3\n  bad: 1\n",
      "a.yaml");
  const auto terms = file.root().children("terms", "reward terms");
  REQUIRE(terms.size() == 3);
  CHECK(terms[0].path() == "terms[0]");
  CHECK(terms[0].get<std::string>("name", "", "name") == "a");
  CHECK(terms[1].get<std::string>("name", "none", "name") == "none");
  const auto sections = file.root().named_children("sections", "sections");
  REQUIRE(sections.size() == 3);
  CHECK(sections[0].name() == "grid");
  CHECK(sections[1].name() == "carousel");
  CHECK(sections[1].path() == "sections.carousel");
  CHECK(sections[1].get("slots", 0, "slots") == 3);
  CHECK(sections[0].get("slots", 0, "slots") == 4);
  CHECK(file.errors() == Lines{"a.yaml:3:6: unknown key 'terms[1].nam'; did you mean 'name'?",
                               "a.yaml:4:5: 'terms[2]' must be a mapping, not '3'",
                               "a.yaml:9:8: 'sections.bad' must be a mapping, not '1'"});
  CHECK(file.root().children("absent").empty());
  CHECK(file.root().named_children("absent").empty());
}

TEST_CASE("a list of sections that is no list is reported") {
  const ConfigFile file = parse_config("terms: {a: 1}\nothers:\nnames: [1]\n", "a.yaml");
  CHECK(file.root().children("terms").empty());
  CHECK(file.root().children("others").empty());
  CHECK(file.root().named_children("names").empty());
  CHECK(file.errors() == Lines{"a.yaml:1:8: 'terms' must be a list, not a mapping",
                               "a.yaml:2:1: 'others' must be a list, not nothing",
                               "a.yaml:3:8: 'names' must be a mapping, not a list"});
}

TEST_CASE("an optional section is there only if the file has it") {
  const ConfigFile file = parse_config("critic: {epochs: 3}\n", "a.yaml");
  CHECK_FALSE(file.root().optional_child("absent").has_value());
  const auto critic = file.root().optional_child("critic");
  REQUIRE(critic.has_value());
  CHECK(FileTestPpo::from(*critic).epochs == 3);
  file.finish();
}

TEST_CASE("complaints and where point at the key or at its section") {
  const ConfigFile file =
      parse_config("\nppo:\n  clip: 0.1\n", "a.yaml", std::vector<std::string>{"ppo.epochs=2"});
  const Section ppo = file.root().child("ppo");
  CHECK(ppo.where("clip") == "a.yaml:3:9");
  CHECK(ppo.where("absent") == "a.yaml:2:1");
  CHECK(ppo.where() == "a.yaml:2:1");
  CHECK(ppo.where("epochs") == "command line (--set ppo.epochs=2)");
  CHECK(ppo.child("deep").where("x") == "a.yaml:2:1");
  CHECK(file.root().child("none").where("x") == "a.yaml:1:1");
  FileTestPpo::from(ppo);
  ppo.complain("epochs", "two epochs are too many");
  ppo.complain("", "this section is odd");
  CHECK(file.errors() == Lines{"a.yaml:2:1: this section is odd",
                               "command line (--set ppo.epochs=2): two epochs are too many"});
}

}  // namespace pagewright
