#include "tests/core/text/golden_support.hpp"

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

void check_golden(const Tokenizer& tokenizer, const std::filesystem::path& golden) {
  const auto cases = nlohmann::json::parse(read_file(golden)).at("cases");
  REQUIRE(cases.size() > 20);
  for (const auto& golden_case : cases) {
    const auto text = golden_case.at("text").get<std::string>();
    INFO(text);
    const auto ids = tokenizer.encode(text);
    CHECK(ids == golden_case.at("ids").get<std::vector<std::int32_t>>());
    CHECK(tokenizer.decode(ids) == golden_case.value("decode", text));
  }
}

}  // namespace pagewright
