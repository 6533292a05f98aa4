// Prompts of words, with the tokenizer of a small Llama.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "core/config/config_file.hpp"
#include "core/page/page_language.hpp"
#include "core/page/prompt_writer.hpp"
#include "core/text/tokenizer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

Tokenizer tokenizer_in(const char* folder) {
  return Tokenizer::read(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / folder);
}

const Tokenizer& stories_tokenizer() {
  static const Tokenizer tokenizer = tokenizer_in("stories260k");
  return tokenizer;
}

const Tokenizer& chat_tokenizer() {
  static const Tokenizer tokenizer = tokenizer_in("tokenizers/qwen_like");
  return tokenizer;
}

constexpr const char* kWordTemplate = R"(
context: ["A visitor on {context.device|text:4} looks for {query|text:8}.\n"]
history: {last: 3, heading: "Before:\n", tokens: ["{action|text} {title|text:8}\n"]}
candidate: {heading: "There are:\n", tokens: [" {title|text:10} for {price|text}\n"]}
end: "The page:"
)";

constexpr const char* kChatTemplate = R"(
context: ["<|im_start|>system\nYou arrange a shop's page.<|im_end|>\n<|im_start|>user\n{query|text:8}\n"]
history: {last: 3, tokens: ["{action|text} {title|text:8}\n"]}
candidate: {tokens: [" {title|text:20}<|endoftext|> {price|text}\n"]}
end: "<|im_end|>\n<|im_start|>assistant\n"
)";

PromptTemplate word_template(const std::string& yaml, const Tokenizer& tokenizer = stories_tokenizer()) {
  const ConfigFile file = parse_config(yaml, "prompt.yaml");
  PromptTemplate result = PromptTemplate::from(file.root(), tokenizer);
  file.finish();
  return result;
}

PageSchema one_list(int candidates) {
  PageSchema schema;
  schema.section_types = {{.name = "list", .min_slots = 2, .max_slots = 2}};
  schema.max_candidates = candidates;
  return schema;
}

PageLanguage word_language(PromptTemplate prompt) {
  return PageLanguage(one_list(6), std::move(prompt), CandidateOrderKind::logged, 1);
}

Item toy(const std::string& id, const std::string& title, std::int64_t price) {
  Item item;
  item.id = id;
  item.title = title;
  item.price = price;
  item.currency = "EUR";
  return item;
}

Request toy_request() {
  Request request;
  request.id = "toys";
  request.query = "a red ball for the dog";
  request.context = {{"device", "phone"}};
  request.candidates = {toy("a", "Big red ball", 499),
                        toy("b", "Little blue car with four wheels and a horn", 1250),
                        toy("c", "Prinzessin Ölmütz \xE2\x9A\xBD\xE2\x9A\xBD\xE2\x9A\xBD", 99),
                        toy("d", "<item:3> <page> </s>", 1)};
  for (int i = 0; i < 5; ++i)
    request.history.push_back(
        {ActionKind::click, 0, toy("h" + std::to_string(i), "B" + std::to_string(i), 5)});
  return request;
}

CandidateOrder backwards(const Request& request) {
  CandidateOrder order(request.candidates.size());
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

std::vector<TokenId> ids_of(const TokenBags& bags) {
  REQUIRE(static_cast<std::size_t>(bags.size()) == bags.ids.size());
  return bags.ids;
}

/// What another program reads: the exported tokenizer's ids of the prompt written out.
std::vector<TokenId> read_by_others(const PageLanguage& language, const Request& request) {
  const test::TemporaryFolder folder;
  language.prompt_template().tokenizer()->write_with_added(folder.path(), language.added_token_names());
  const Tokenizer exported = Tokenizer::read(folder.path());
  std::vector<TokenId> ids = exported.prompt_prefix();
  for (const TokenId id : exported.encode(language.prompt_text(request, backwards(request))))
    ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("a prompt of words has the candidates' pointers at their places and their words behind them") {
  const PageLanguage language = word_language(word_template(kWordTemplate));
  const LayoutVocabulary& vocabulary = language.vocabulary();
  CHECK(vocabulary.layout_begin() == stories_tokenizer().size());
  const Request request = toy_request();
  const Prompt prompt = language.prompt(request, backwards(request));
  const std::vector<TokenId> ids = ids_of(prompt.tokens);
  CHECK_FALSE(prompt.shortened);
  CHECK(ids.back() == vocabulary.page_start());
  for (int place = 0; place < 4; ++place) {
    const auto pointer = std::ranges::find(ids, vocabulary.item(place));
    REQUIRE(pointer != ids.end());
    const auto last = ids.begin() + prompt.candidate_position[static_cast<std::size_t>(place)];
    CHECK(*(last + 1) >= vocabulary.layout_begin());
    const Item& item = request.candidates[static_cast<std::size_t>(3 - place)];
    const std::string text = " " + cut_to_tokens(stories_tokenizer(), item.title, 10) + " for " +
                             fmt::format("{}.{:02} EUR\n", *item.price / 100, *item.price % 100);
    const std::string end = place == 3 ? "The page:" : "";
    CHECK(std::vector<TokenId>(pointer + 1, last + 1) == stories_tokenizer().encode_plain(text + end));
  }
  CHECK(std::ranges::count_if(ids, [&](TokenId id) { return id >= vocabulary.layout_begin(); }) == 5);
}

TEST_CASE("others read the written prompt as the same tokens") {
  const PageLanguage language = word_language(word_template(kWordTemplate));
  Request request = toy_request();
  request.candidates.pop_back();  // a title that spells tokens means tokens to others
  const Prompt prompt = language.prompt(request, backwards(request));
  CHECK(read_by_others(language, request) == ids_of(prompt.tokens));
}

TEST_CASE("others read the same tokens where the tokenizer marks the first word alone") {
  const std::filesystem::path file =
      std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "stories260k" / "tokenizer.json";
  auto json = nlohmann::json::parse(read_file(file));
  json["normalizer"] = nullptr;
  json["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "first"}, {"split", false}};
  const Tokenizer first_alone = Tokenizer::parse(json.dump());
  REQUIRE(first_alone.encode_plain("ball") != first_alone.encode_plain("ball", false));
  for (const char* start : {"context: [\"{query|text}\"]\n", "context: [\"{context.device|hash:4}\"]\n"}) {
    const PageLanguage language = word_language(
        word_template(std::string(start) + "candidate: {tokens: [\"{title|text}\"]}", first_alone));
    Request request = toy_request();
    request.candidates.pop_back();
    const Prompt prompt = language.prompt(request, backwards(request));
    CHECK(read_by_others(language, request) == ids_of(prompt.tokens));
  }
}

TEST_CASE("fixed words may spell the special tokens of a chat, values never do, and others read the same") {
  const PageLanguage language = word_language(word_template(kChatTemplate, chat_tokenizer()));
  Request request = toy_request();
  const TokenId start = *chat_tokenizer().id("<|im_start|>"), end = *chat_tokenizer().id("<|im_end|>");
  request.candidates.pop_back();
  const std::vector<TokenId> ids = ids_of(language.prompt(request, backwards(request)).tokens);
  CHECK(ids.front() == start);
  CHECK(std::ranges::count(ids, start) == 3);
  CHECK(std::ranges::count(ids, end) == 2);
  CHECK(std::ranges::count(ids, *chat_tokenizer().id("<|endoftext|>")) == 3);
  CHECK(read_by_others(language, request) == ids);
  const std::vector<TokenId> last = chat_tokenizer().encode("<|im_end|>\n<|im_start|>assistant\n");
  CHECK(std::equal(last.begin(), last.end(), ids.end() - 1 - std::ssize(last)));
  // The same tokens in a query are words.
  request.query = "<|im_end|>";
  CHECK(std::ranges::count(ids_of(language.prompt(request, backwards(request)).tokens), end) == 2);
  // So are those that an exported tokenizer has added for the page.
  PromptWriter writer(&chat_tokenizer(), start);
  writer.words("<|im_start|>");
  writer.end_run();
  CHECK(writer.tokens().ids == chat_tokenizer().encode_plain("<|im_start|>"));
}

TEST_CASE("fixed words that repeat what the tokenizer puts first are refused at their key") {
  const std::string json =
      read_file(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "tokenizers" / "qwen_like" / "tokenizer.json");
  const Tokenizer bos = Tokenizer::parse(json, R"({"bos_token": "<|endoftext|>", "add_bos_token": true})");
  REQUIRE(bos.prompt_prefix().size() == 1);
  const std::string problem = test::error_text([&] {
    word_template("context: [\"<|endoftext|>A shop\"]\ncandidate: {tokens: [\" {title|text:8}\"]}", bos);
  });
  CHECK(test::contains(problem, "puts <|endoftext|> first by itself"));
}

TEST_CASE("a prompt that is cut keeps the special tokens of its candidates") {
  PromptTemplate prompt = word_template(kChatTemplate, chat_tokenizer());
  const Request request = toy_request();
  const int least = prompt.least_positions(4);
  prompt.limit_positions(least + 10);
  const PageLanguage language = word_language(prompt);
  const Prompt cut = language.prompt(request, backwards(request));
  CHECK(cut.shortened);
  CHECK(cut.tokens.size() <= least + 10);
  CHECK(std::ranges::count(ids_of(cut.tokens), *chat_tokenizer().id("<|endoftext|>")) == 4);
  prompt.limit_positions(least);
  CHECK(word_language(prompt).prompt(request, backwards(request)).tokens.size() <= least);
}

TEST_CASE("tables and words stand side by side, and others read them, too") {
  const PageLanguage language = word_language(word_template(R"(
context: ["{context.device|hash:4} likes {query|text}"]
candidate: {tokens: ["{brand|hash:3}{title|text}{price|bucket:4:0:2000}", "{ad|bucket:2}"]}
)"));
  Request request = toy_request();
  request.candidates.pop_back();
  const Prompt prompt = language.prompt(request, backwards(request));
  // Tables: device 4 + 1, brand 3 + 1, price 4 + 1, ad 2 + 1 tokens after the tokenizer's.
  CHECK(language.vocabulary().layout_begin() == stories_tokenizer().size() + 17);
  CHECK(language.token_name(stories_tokenizer().size() + 9) == "<price|bucket:4:0:2000=0>");
  CHECK(read_by_others(language, request) == ids_of(prompt.tokens));
}

TEST_CASE("an exported tokenizer is taken up with the same schema and template, and refused with another") {
  const PageLanguage language = word_language(word_template(kWordTemplate));
  const test::TemporaryFolder folder;
  stories_tokenizer().write_with_added(folder.path(), language.added_token_names());
  const Tokenizer exported = Tokenizer::read(folder.path());
  const PageLanguage again = word_language(word_template(kWordTemplate, exported));
  CHECK(again.vocabulary().layout_begin() == language.vocabulary().layout_begin());
  const Request request = toy_request();
  CHECK(again.prompt(request, backwards(request)).tokens ==
        language.prompt(request, backwards(request)).tokens);
  const std::string problem = test::error_text([&] {
    PageLanguage(one_list(7), word_template(kWordTemplate, exported), CandidateOrderKind::logged, 1);
  });
  CHECK(test::contains(problem,
                       "has 10 tokens of an exported page language, but this schema and template have 11"));
}

TEST_CASE("values are cut to their budget and never inside a character") {
  const Tokenizer& tokenizer = stories_tokenizer();
  for (const std::string text : {"Little blue car with four wheels and a horn",
                                 "\xE2\x9A\xBD\xE2\x9A\xBD\xE2\x9A\xBD", "Ölmütz", "   ", "a"})
    for (int budget = 0; budget < 14; ++budget) {
      const std::string cut = cut_to_tokens(tokenizer, text, budget);
      CAPTURE(text, budget, cut);
      CHECK(text.starts_with(cut));
      CHECK((budget == 0 ? cut.empty()
                         : static_cast<int>(tokenizer.encode_plain(cut).size()) <= budget || cut.empty()));
      CHECK((cut.size() == text.size() || (static_cast<unsigned char>(text[cut.size()]) & 0xC0) != 0x80));
      if (static_cast<int>(tokenizer.encode_plain(text).size()) <= budget) CHECK(cut == text);
    }
}

TEST_CASE("a prompt that is too long loses its oldest actions, then words, never a candidate") {
  PromptTemplate prompt_template = word_template(kWordTemplate);
  const Request request = toy_request();
  const PageLanguage whole = word_language(prompt_template);
  const int full = whole.prompt(request, backwards(request)).tokens.size();
  bool dropped_actions = false, cut_words = false;
  for (int limit = full; limit >= prompt_template.least_positions(4); --limit) {
    PromptTemplate limited = prompt_template;
    limited.limit_positions(limit);
    const PageLanguage language = word_language(limited);
    const Prompt prompt = language.prompt(request, backwards(request));
    const std::string text = language.prompt_text(request, backwards(request));
    CAPTURE(limit, text);
    CHECK(prompt.tokens.size() <= limit);
    CHECK(prompt.shortened == (limit < full));
    for (int place = 0; place < 4; ++place)
      CHECK(std::ranges::count(prompt.tokens.ids, language.vocabulary().item(place)) == 1);
    // Of the three actions shown the newest stays longest, and words stay as long as there is an action.
    const bool oldest = test::contains(text, "B2"), newest = test::contains(text, "B4");
    if (oldest) CHECK(newest);
    if (newest) CHECK(test::contains(text, "Big red ball for 4.99 EUR"));
    dropped_actions = dropped_actions || (newest && !oldest);
    cut_words = cut_words || (!newest && !test::contains(text, "Big red ball for 4.99 EUR"));
  }
  CHECK(dropped_actions);
  CHECK(cut_words);
}

TEST_CASE("a context without room for the candidates alone is an error with numbers") {
  PromptTemplate prompt_template = word_template(kWordTemplate);
  prompt_template.limit_positions(12);
  const Request request = toy_request();
  const std::string problem =
      test::error_text([&] { word_language(prompt_template).prompt(request, backwards(request)); });
  CHECK(test::contains(problem, "request toys: its prompt of 4 candidates is"));
  CHECK(test::contains(problem, "but there is room for 12"));
}

TEST_CASE("words change the hash of a template") {
  const std::string base = "candidate: {tokens: [\" {title|text:8}\"]}\n";
  const std::vector<std::string> variants = {
      base, "candidate: {tokens: [\" {title|text:9}\"]}\n", "candidate: {tokens: [\"{title|text:8}\"]}\n",
      "candidate: {heading: \"x\", tokens: [\" {title|text:8}\"]}\n", base + "end: x\n"};
  for (std::size_t i = 0; i < variants.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      CHECK(word_template(variants[i]).hash() != word_template(variants[k]).hash());
}

}  // namespace pagewright
