// Ids that other programs gave for the same tokenizer files (tests/data/tokenizers/README.md).
#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "core/text/tokenizer.hpp"
#include "tests/core/text/golden_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

namespace {

const std::filesystem::path kGoldenData = PAGEWRIGHT_TEST_DATA;

}  // namespace

TEST_CASE("GPT-2's pair of files gives the ids of its own implementation") {
  const Tokenizer tokenizer = Tokenizer::read(kGoldenData / "tokenizers/gpt2");
  check_golden(tokenizer, kGoldenData / "tokenizers/gpt2/golden.json");
  CHECK(tokenizer.size() == 50257);
  CHECK(tokenizer.eos_id() == 50256);
  CHECK(tokenizer.encode("a<|endoftext|>") == std::vector<std::int32_t>{64, 50256});
  CHECK(tokenizer.encode_plain("a<|endoftext|>").size() > 2);
}

TEST_CASE("The tokenizer of stories260K gives the ids of llama2.c") {
  const Tokenizer tokenizer = Tokenizer::read(kGoldenData / "stories260k");
  CHECK(tokenizer.size() == 512);
  CHECK(tokenizer.prompt_prefix() == std::vector<std::int32_t>{1});
  CHECK(tokenizer.prompt_suffix().empty());
  const auto golden = nlohmann::json::parse(read_file(kGoldenData / "stories260k/golden.json"));
  REQUIRE(golden.at("encode").size() > 5);
  for (const auto& golden_case : golden.at("encode")) {
    const auto text = golden_case.at("text").get<std::string>();
    INFO(text);
    std::vector<std::int32_t> ids = tokenizer.prompt_prefix();
    for (const std::int32_t id : tokenizer.encode(text)) ids.push_back(id);
    CHECK(ids == golden_case.at("ids").get<std::vector<std::int32_t>>());
    CHECK(tokenizer.decode(ids, /*skip_special_tokens=*/true) == text);
  }
}

}  // namespace pagewright
