// tokenizer_lines PATH: encodes and decodes for tests in other languages. Reads JSON Lines from standard
// input:
//   {"bytes": HEXADECIMAL}   a text, maybe not UTF-8
//   {"decode": [IDS]}        ids
// and answers each with a line: {"ids", "plain_ids", "text", "text_without_specials"}, the last two alone for
// ids.
#include <cstdio>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/tokenizer.hpp"

namespace pagewright {
namespace {

std::string from_hexadecimal(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

nlohmann::json answer(const Tokenizer& tokenizer, const nlohmann::json& question) {
  nlohmann::json result;
  if (question.contains("write")) {
    tokenizer.write_with_added(question.at("write").get<std::string>(),
                               question.at("names").get<std::vector<std::string>>());
    return {{"size", tokenizer.size()},
            {"prefix", tokenizer.prompt_prefix()},
            {"suffix", tokenizer.prompt_suffix()}};
  }
  std::vector<std::int32_t> ids;
  if (question.contains("bytes")) {
    const std::string text = from_hexadecimal(question.at("bytes").get<std::string>());
    ids = tokenizer.encode(text);
    result["ids"] = ids;
    result["plain_ids"] = tokenizer.encode_plain(text);
  } else {
    question.at("decode").get_to(ids);
  }
  result["text"] = tokenizer.decode(ids);
  result["text_without_specials"] = tokenizer.decode(ids, true);
  return result;
}

void run(const char* path) {
  const Tokenizer tokenizer = Tokenizer::read(path);
  for (std::string line; std::getline(std::cin, line);)
    std::cout << answer(tokenizer, nlohmann::json::parse(line)).dump() << '\n';
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: tokenizer_lines TOKENIZER_FOLDER_OR_FILE < questions.jsonl\n", stderr);
    return 2;
  }
  try {
    pagewright::run(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenizer_lines: %s\n", error.what());
    return 1;
  }
}
