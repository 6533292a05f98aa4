#include "core/text/tokenizer.hpp"

#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {

namespace {

using Json = nlohmann::json;

const std::filesystem::path kQwenLike = std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "tokenizers/qwen_like";

/// A byte pair encoding of a few letters: a 0, b 1, c 2, ab 3, abc 4, <unk> 5.
Json tiny_tokenizer() {
  return Json::parse(R"({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
    "post_processor": null, "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "<unk>": 5}, "merges": ["a b", ["ab", "c"]]}})");
}

Json added_token(const std::string& content, std::int32_t id, const Json& flags = Json::object()) {
  Json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  token.update(flags);
  return token;
}

std::vector<std::int32_t> ids_of(const Json& tokenizer, std::string_view text) {
  return Tokenizer::parse(tokenizer.dump()).encode(text);
}

std::string refusal_of(const Json& tokenizer, const std::string& config = {}) {
  return test::error_text([&] { Tokenizer::parse(tokenizer.dump(), config); });
}

/// The tiny tokenizer with one value changed, by its JSON pointer.
Json with(const char* pointer, const Json& value) {
  Json tokenizer = tiny_tokenizer();
  tokenizer[Json::json_pointer(pointer)] = value;
  return tokenizer;
}

using Ids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("Merges written either way make tokens; unknown characters are dropped without an unknown token") {
  CHECK(ids_of(tiny_tokenizer(), "abcabba") == Ids{4, 3, 1, 0});
  CHECK(ids_of(tiny_tokenizer(), "a?b") == Ids{3});
  CHECK(ids_of(tiny_tokenizer(), "").empty());
  Json unknown = with("/model/unk_token", "<unk>");
  CHECK(ids_of(unknown, "a??b") == Ids{0, 5, 5, 1});
  unknown["model"]["fuse_unk"] = true;
  CHECK(ids_of(unknown, "a??b?") == Ids{0, 5, 1, 5});
}

TEST_CASE("A word of the vocabulary is found whole where merges are ignored") {
  Json tokenizer = with("/model/merges", Json::array());
  CHECK(ids_of(tokenizer, "abc") == Ids{0, 1, 2});
  tokenizer["model"]["ignore_merges"] = true;
  CHECK(ids_of(tokenizer, "abc") == Ids{4});
  CHECK(ids_of(tokenizer, "abca") == Ids{0, 1, 2, 0});
}

TEST_CASE("Added tokens are found by their flags") {
  const auto find = [](const Json& flags, std::string_view text) {
    return ids_of(with("/added_tokens", Json::array({added_token("cc", 6, flags)})), text);
  };
  CHECK(find(Json::object(), "accb") == Ids{0, 6, 1});
  CHECK(find({{"single_word", true}}, "accb cc") == Ids{0, 2, 2, 1, 6});
  CHECK(find({{"lstrip", true}, {"rstrip", true}}, "a  cc \n b") == Ids{0, 6, 1});
  // The longest of those that begin leftmost.
  const Json two =
      with("/added_tokens", {added_token("ca", 6), added_token("cab", 7), added_token("bca", 8)});
  CHECK(ids_of(two, "bcab cab") == Ids{8, 1, 7});
}

TEST_CASE("Text of users cannot spell special tokens into the ids") {
  const Tokenizer tokenizer = Tokenizer::read(kQwenLike);
  const std::int32_t end = *tokenizer.id("<|im_end|>");
  CHECK(tokenizer.encode("x<|im_end|>").back() == end);
  const Ids plain = tokenizer.encode_plain("x<|im_end|>");
  CHECK(std::find(plain.begin(), plain.end(), end) == plain.end());
  CHECK(tokenizer.decode(plain) == "x<|im_end|>");
  CHECK(tokenizer.decode(tokenizer.encode("x<|im_end|>"), true) == "x");
}

TEST_CASE("tokenizer_config.json names the tokens of prompts and decides what surrounds them") {
  Json tokenizer = with("/added_tokens", {added_token("<s>", 6, {{"special", true}}),
                                          added_token("</s>", 7, {{"special", true}})});
  tokenizer["post_processor"] = Json::parse(R"({"type": "TemplateProcessing", "pair": [],
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}}})");
  const auto parse = [&](const std::string& config) { return Tokenizer::parse(tokenizer.dump(), config); };
  CHECK(parse("").prompt_prefix() == Ids{6});
  CHECK(!parse("").bos_id());
  const Tokenizer named =
      parse(R"({"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null})");
  CHECK(named.bos_id() == 6);
  CHECK(named.eos_id() == 7);
  CHECK(named.prompt_prefix() == Ids{6});
  const Tokenizer decided =
      parse(R"({"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": false, "add_eos_token": true})");
  CHECK(decided.prompt_prefix().empty());
  CHECK(decided.prompt_suffix() == Ids{7});
  CHECK(test::contains(refusal_of(tokenizer, R"({"eos_token": "<end>"})"), "eos_token: '<end>' is not in"));
  CHECK(test::contains(refusal_of(tokenizer, R"({"added_tokens_decoder": {"8": {"content": "<x>"}}})"),
                       "'<x>' with the id 8"));
}

TEST_CASE("What would give other ids is refused by name") {
  struct Case {
    const char* pointer;
    Json value;
    const char* says;
  };
  const Case cases[] = {
      {"/model/type", "Unigram", "model.type: the model Unigram is not supported"},
      {"/model/dropout", 0.1, "model.dropout"},
      {"/model/end_of_word_suffix", "</w>", "model.end_of_word_suffix"},
      {"/model/continuing_subword_prefix", "##", "model.continuing_subword_prefix"},
      {"/model/unk_token", "<none>", "model.unk_token: '<none>'"},
      {"/model/merges", Json::array({"a b c"}), "model.merges[0]"},
      {"/model/merges", Json::array({"a z"}), "model.merges[0]: token 'z'"},
      {"/model/merges", Json::array({"b a"}), "token 'ba'"},
      {"/model/vocab/b", 0, "the same id 0"},
      {"/model/vocab/b", -1, "'b'"},
      {"/model/vocab/b", 1e9, "'b'"},
      {"/model/surprise", 1, "model.surprise"},
      {"/surprise", 1, "surprise: unknown key"},
      {"/version", "2.0", "version: 2.0"},
      {"/normalizer", {{"type", "BertNormalizer"}}, "normalizer.type: the normalizer BertNormalizer"},
      {"/normalizer",
       {{"type", "Sequence"}, {"normalizers", {{{"type", "Nmt"}}}}},
       "normalizer.normalizers[0].type"},
      {"/pre_tokenizer",
       {{"type", "UnicodeScripts"}},
       "pre_tokenizer.type: the pre-tokenizer UnicodeScripts"},
      {"/pre_tokenizer", {{"type", "Digits"}, {"grouped", 3}}, "pre_tokenizer.grouped"},
      {"/pre_tokenizer",
       {{"type", "Split"}, {"pattern", {{"Regex", "\\b"}}}, {"behavior", "Removed"}},
       "'\\b' at byte 0"},
      {"/post_processor",
       {{"type", "BertProcessing"}},
       "post_processor.type: the post-processor BertProcessing"},
      {"/decoder", {{"type", "CTC"}}, "decoder.type: the decoder CTC"},
      {"/added_tokens", Json::array({added_token("<x>", 9)}), "added_tokens[0]: token '<x>' has the id 9"},
      {"/added_tokens", Json::array({{{"content", "<x>"}}}), "added_tokens[0].id"},
  };
  for (const Case& refused : cases) {
    INFO(refused.pointer << " " << refused.value);
    const std::string text = refusal_of(with(refused.pointer, refused.value));
    CHECK(test::contains(text, "tokenizer.json: "));
    CHECK(test::contains(text, refused.says));
    CAPTURE(text);
  }
}

TEST_CASE("A folder without a tokenizer and files that are cut are refused with their names") {
  const test::TemporaryFolder folder;
  CHECK(test::contains(test::error_text([&] { Tokenizer::read(folder.path()); }), "has no tokenizer.json"));
  const std::string whole = tiny_tokenizer().dump();
  write_file_atomically(folder / "tokenizer.json", whole.substr(0, whole.size() / 2));
  const std::string cut = test::error_text([&] { Tokenizer::read(folder.path()); });
  CHECK(test::contains(cut, (folder / "tokenizer.json").string()));
  CHECK(test::contains(cut, "not valid JSON"));
  write_file_atomically(folder / "tokenizer.json", std::string(100'000, '['));
  CHECK(test::contains(test::error_text([&] { Tokenizer::read(folder.path()); }), "nested"));
}

TEST_CASE("Added tokens are written behind the others, and everything else stays as it was") {
  const test::TemporaryFolder folder;
  const Tokenizer before = Tokenizer::read(kQwenLike);
  before.write_with_added(folder.path(), {"<page>", "<\"item\":0>"});
  const Tokenizer after = Tokenizer::read(folder.path());
  CHECK(after.size() == before.size() + 2);
  CHECK(after.id("<page>") == before.size());
  CHECK(after.token(before.size() + 1) == "<\"item\":0>");
  CHECK(after.is_special(before.size()));
  CHECK(after.hash() != before.hash());
  CHECK(after.eos_id() == before.eos_id());
  CHECK(after.encode("a <\"item\":0> b").size() ==
        before.encode("a ").size() + 1 + before.encode(" b").size());
  CHECK(after.encode_plain("<page>") == before.encode("<page>"));
  Json old_file = Json::parse(read_file(kQwenLike / "tokenizer.json"));
  Json new_file = Json::parse(read_file(folder / "tokenizer.json"));
  new_file["added_tokens"].erase(new_file["added_tokens"].size() - 2);
  new_file["added_tokens"].erase(new_file["added_tokens"].size() - 1);
  CHECK(new_file == old_file);
  Json old_config = Json::parse(read_file(kQwenLike / "tokenizer_config.json"));
  Json new_config = Json::parse(read_file(folder / "tokenizer_config.json"));
  CHECK(new_config.at("added_tokens_decoder").size() == 2);
  new_config.erase("added_tokens_decoder");
  CHECK(new_config == old_config);
  CHECK(test::contains(test::error_text([&] { after.write_with_added(folder.path(), {"<page>"}); }),
                       "has it already"));
  CHECK(test::contains(test::error_text([&] { before.write_with_added(folder.path(), {"<x>", "<x>"}); }),
                       "twice"));
}

TEST_CASE("A chat template in a file of its own is handed on, and changes nothing else") {
  const test::TemporaryFolder folder, out;
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"})
    std::filesystem::copy_file(kQwenLike / file, folder / file);
  const std::string before = Tokenizer::read(folder.path()).hash();
  std::ofstream(folder / "chat_template.jinja") << "{% for m in messages %}{{ m.content }}{% endfor %}\n";
  const Tokenizer tokenizer = Tokenizer::read(folder.path());
  CHECK(tokenizer.hash() == before);
  tokenizer.write_with_added(out.path(), {"<page>"});
  CHECK(read_file(out / "chat_template.jinja") == read_file(folder / "chat_template.jinja"));
}

TEST_CASE("Special tokens that a text spells are told from the words between them") {
  const Tokenizer tokenizer = Tokenizer::read(kQwenLike);
  const std::string text = "<|im_start|>user\n<think>a<|im_end|>";
  std::vector<std::pair<std::string, std::int32_t>> parts;
  for (const auto& part : tokenizer.split_specials(text, 1205)) parts.emplace_back(part.text, part.id);
  CHECK(parts == std::vector<std::pair<std::string, std::int32_t>>{
                     {"<|im_start|>", 1201}, {"user\n<think>a", -1}, {"<|im_end|>", 1202}});
  CHECK(tokenizer.split_specials("", 1205).empty());
  CHECK(tokenizer.split_specials("words", 1205).size() == 1);
  CHECK(tokenizer.split_specials(text, 1202).back().text == "user\n<think>a<|im_end|>");
}

TEST_CASE("Special tokens whose meaning depends on what follows are not for fixed words") {
  const std::string text = "<|im_start|>user <|im_end|>";
  Json json = Json::parse(read_file(kQwenLike / "tokenizer.json"));
  Json& token = json["added_tokens"][1];
  REQUIRE(token["content"] == "<|im_start|>");
  const auto split = [&] { return Tokenizer::parse(json.dump()).split_specials(text, 1205).size(); };
  CHECK(split() == 3);
  token["rstrip"] = true;
  CHECK(test::contains(test::error_text(split), "takes the white space beside it"));
  token["rstrip"] = false;
  token["normalized"] = true;
  CHECK(test::contains(test::error_text(split), "normalised text"));
  json["normalizer"] = nullptr;
  const Tokenizer tokenizer = Tokenizer::parse(json.dump());
  const auto parts = tokenizer.split_specials("a<|im_end|>" + text, 1205);
  std::vector<std::int32_t> ids;
  for (const auto& part : parts) ids.push_back(part.id);
  CHECK(ids == Ids{-1, 1202, 1201, -1, 1202});
}

TEST_CASE("Added tokens are written whether the list is there, empty or null") {
  for (const char* list : {"[]", "[ ]", "null", static_cast<const char*>(nullptr)}) {
    const test::TemporaryFolder folder;
    Json tokenizer = tiny_tokenizer();
    tokenizer.erase("added_tokens");
    std::string text = tokenizer.dump();
    if (list != nullptr) text.insert(text.size() - 1, std::string(", \"added_tokens\" : ") + list + " ");
    Tokenizer::parse(text).write_with_added(folder.path(), {"<x>"});
    CHECK(Tokenizer::read(folder.path()).encode("a<x>") == Ids{0, 6});
  }
  Json holes = with("/model/vocab/z", 9);
  const test::TemporaryFolder folder;
  CHECK(test::contains(
      test::error_text([&] { Tokenizer::parse(holes.dump()).write_with_added(folder.path(), {"<x>"}); }),
      "unused ids"));
}

TEST_CASE("Threads that share a tokenizer get the ids of one alone") {
  const Tokenizer tokenizer = Tokenizer::read(kQwenLike);
  const std::string text = read_file(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "docs/architecture.md");
  const Ids expected = Tokenizer::read(kQwenLike).encode(text);
  std::vector<int> equal(8, 0);
  std::vector<std::thread> threads;
  for (int& result : equal)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) result += tokenizer.encode(text) == expected ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(equal == std::vector<int>(8, 10));
  CHECK(tokenizer.decode(expected) == text);
}

TEST_CASE("An id without a token has no name, and decoding passes it over") {
  const Tokenizer tokenizer = Tokenizer::parse(tiny_tokenizer().dump());
  CHECK(tokenizer.decode(Ids{3, 77, -1, 2}) == "abc");
  CHECK(test::contains(test::error_text([&] { tokenizer.token(77); }), "no token has the id 77"));
}

}  // namespace pagewright
