// Fuzzes the reader of tokenizer.json, encoding and decoding. An input is a tokenizer.json and, after a zero
// byte, a text.
//
// fuzz-sources: core/text/*.cpp core/base/json_fields.cpp core/base/strict_json.cpp
// fuzz-sources: core/base/file.cpp core/base/sha256.cpp core/base/suggestion.cpp
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/base/error.hpp"
#include "core/text/tokenizer.hpp"
#include "core/text/tokenizer_files.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {
namespace {

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "tokenizer_fuzz: %s\n", what);
  std::abort();
}

/// The parts of a text make it up, in order, and its special tokens are special.
void try_specials(const Tokenizer& tokenizer, std::string_view text) {
  try {
    std::string again;
    for (const Tokenizer::MarkedText& part : tokenizer.split_specials(text, tokenizer.size())) {
      check(!part.text.empty() && (part.id < 0 || tokenizer.is_special(part.id)), "a part is no part");
      again += part.text;
    }
    check(again == text, "the parts of a text are another text");
  } catch (const Error&) {
    // A token that fixed words cannot spell.
  }
}

void try_text(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text);
  for (const std::int32_t id : ids)
    check(id >= 0 && id < tokenizer.size() && !tokenizer.token(id).empty(), "an id without a token");
  check(tokenizer.encode(text) == ids, "a text has other ids the second time");
  tokenizer.encode_plain(text);
  for (const bool skip : {false, true}) {
    const std::string decoded = tokenizer.decode(ids, skip);
    check(valid_utf8_prefix(decoded) == decoded.size(), "a decoded text is not UTF-8");
  }
  std::vector<std::int32_t> any;
  for (const char byte : text) any.push_back(static_cast<std::int32_t>(byte));
  tokenizer.decode(any);
  try_specials(tokenizer, text);
}

/// What is written with a further token reads back, with that token behind the others.
void try_added(const Tokenizer& tokenizer, const std::string& json) {
  const std::string name = "<added by the fuzzer>";
  if (tokenizer.id(name)) return;
  try {
    const Tokenizer more = Tokenizer::parse(tokenizer_json_with(json, {name}, tokenizer.size()));
    check(more.id(name) == tokenizer.size(), "an added token has another id");
    check(more.encode(name) == std::vector<std::int32_t>{tokenizer.size()},
          "an added token is not found in a text");
  } catch (const Error& error) {
    // Only where the vocabulary has holes, or no id is left.
    const std::string_view text = error.what();
    check(text.find("would number it") != text.npos || text.find("is out of range") != text.npos,
          error.what());
  }
}

}  // namespace
}  // namespace pagewright

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pagewright;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string json(input.substr(0, zero));
  try {
    const Tokenizer tokenizer = Tokenizer::parse(json);
    if (zero != std::string_view::npos) try_text(tokenizer, input.substr(zero + 1));
    try_added(tokenizer, json);
  } catch (const Error&) {
    // Refused, as bad input should be.
  }
  return 0;
}
