// The examples of docs/page-language.md are read by the code they describe.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/config/config_file.hpp"
#include "core/page/page_json.hpp"
#include "core/page/page_language.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

std::vector<std::string> doc_blocks(const std::string& language) {
  std::ifstream file(PAGEWRIGHT_SOURCE_DIR "/docs/page-language.md");
  REQUIRE(file.good());
  std::vector<std::string> blocks;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (inside && line == "```")
      inside = false;
    else if (inside)
      blocks.back() += line + "\n";
    else if (line == "```" + language) {
      inside = true;
      blocks.emplace_back();
    }
  }
  return blocks;
}

/// The schema of the documentation with a template of words, its `number`-th YAML block.
PageLanguage documented_words(std::size_t number, const char* tokenizer) {
  const ConfigFile file = parse_config(doc_blocks("yaml").at(number), "words example");
  std::string path;
  if (file.root().has("model")) file.root().child("model").read("path", path, "");
  PromptTemplate prompt_template = PromptTemplate::from(
      file.root().child("prompt"), Tokenizer::read(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / tokenizer));
  file.finish();
  const ConfigFile schema_file = parse_config(doc_blocks("yaml").at(0), "schema example");
  return PageLanguage(PageSchema::from(schema_file.root().child("schema")), std::move(prompt_template),
                      CandidateOrderKind::logged, 1);
}

}  // namespace

TEST_CASE("the schema, template, request and page of the documentation work together") {
  const std::vector<std::string> yaml = doc_blocks("yaml");
  const std::vector<std::string> json = doc_blocks("json");
  REQUIRE(yaml.size() == 4);
  REQUIRE(json.size() == 2);
  const ConfigFile schema_file = parse_config(yaml[0], "schema example");
  const PageSchema schema = PageSchema::from(schema_file.root().child("schema"));
  schema_file.finish();
  const ConfigFile prompt_file = parse_config(yaml[1], "prompt example");
  const PromptTemplate prompt_template = PromptTemplate::from(prompt_file.root().child("prompt"));
  prompt_file.finish();
  CHECK_FALSE(prompt_template.uses_logged_rank());
  const PageLanguage language(schema, prompt_template, CandidateOrderKind::logged, 1);

  const Request request = request_from_json(json[0]);
  CHECK(request.candidates[0].price == 5990);
  CHECK(request_from_json(json[1]).id == "r1");
  const Page page = page_from_json(schema, request, json[1]);
  CHECK((page == Page{{{0, {0}}, {2, {2, 1}}}}));
  CHECK((page_violations(schema, request, page) == std::vector<std::string>()));
  CHECK(page_fields_from_json(json[1]).propensities.slots.size() == 3);

  const CandidateOrder order = language.candidate_order(request, 0, 0);
  CHECK(language.prompt(request, order).tokens.size() == 1 + 2 + 1 + 4 + 1);
  std::string tokens;
  for (const TokenId token : language.encode(order, page).tokens)
    tokens += (tokens.empty() ? "" : " ") + language.vocabulary().name(token, schema);
  std::ifstream file(PAGEWRIGHT_SOURCE_DIR "/docs/page-language.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str().find("    " + tokens + "\n") != std::string::npos);
}

TEST_CASE("the template of words in the documentation renders") {
  const PageLanguage language = documented_words(2, "stories260k");
  Request request = request_from_json(doc_blocks("json").at(0));
  request.candidates[0].title = "Trail shoe", request.candidates[0].brand = "Acme";
  request.candidates[0].price = 1905, request.candidates[0].currency = "EUR";
  request.candidates[0].category = "shoes";
  const std::string text = language.prompt_text(request, language.candidate_order(request, 0, 0));
  CHECK(text.find("<item:0> Trail shoe by Acme, 19.05 EUR, shoes\n<item:1>") != std::string::npos);
}

TEST_CASE("the template of a chat model in the documentation renders its marks as tokens") {
  const char* folder = "tokenizers/qwen_like";
  const PageLanguage language = documented_words(3, folder);
  const Tokenizer tokenizer = Tokenizer::read(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / folder);
  const Request request = request_from_json(doc_blocks("json").at(0));
  const TokenBags tokens = language.prompt(request, language.candidate_order(request, 0, 0)).tokens;
  CHECK(std::ranges::count(tokens.ids, *tokenizer.id("<|im_start|>")) == 3);
  CHECK(std::ranges::count(tokens.ids, *tokenizer.id("<|im_end|>")) == 2);
}

}  // namespace pagewright
