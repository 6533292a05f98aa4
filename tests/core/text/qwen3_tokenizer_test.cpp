// Qwen3's tokenizer.json is too large to be kept here: PAGEWRIGHT_QWEN3_TOKENIZER names it.
#include <cstdlib>

#include "core/text/tokenizer.hpp"
#include "tests/core/text/golden_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("Qwen3's tokenizer gives the ids of another implementation") {
  const char* path = std::getenv("PAGEWRIGHT_QWEN3_TOKENIZER");
  if (path == nullptr) PAGEWRIGHT_SKIP("PAGEWRIGHT_QWEN3_TOKENIZER does not name Qwen3's tokenizer.json");
  const Tokenizer tokenizer = Tokenizer::read(path);
  check_golden(tokenizer, std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "tokenizers/qwen3_golden.json");
  CHECK(tokenizer.size() == 151669);
}

}  // namespace pagewright
