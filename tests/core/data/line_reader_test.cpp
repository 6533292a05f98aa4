#include "core/data/line_reader.hpp"

#include <vector>

#include <lzma.h>

#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

std::vector<std::string> all_lines(const std::filesystem::path& path) {
  LineReader reader(path);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) {
    lines.push_back(line);
    CHECK(reader.line_number() == static_cast<std::int64_t>(lines.size()));
  }
  return lines;
}

std::string packed(const std::string& text) {
  std::string out(text.size() + 1024, '\0');
  std::size_t size = 0;
  const auto status = lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                              reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                              reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
  REQUIRE(status == LZMA_OK);
  out.resize(size);
  return out;
}

TEST_CASE("lines end at line feeds, with or without carriage returns, and the last may lack one") {
  const DataTestFolder folder;
  const auto lines = [&](const std::string& text) {
    return all_lines(write_text_file(folder.path() / "a.txt", text));
  };
  CHECK(lines("").empty());
  CHECK(lines("one") == std::vector<std::string>{"one"});
  CHECK(lines("one\n\ntwo\r\n") == std::vector<std::string>{"one", "", "two"});
  CHECK(lines("\xef\xbb\xbfone\n") == std::vector<std::string>{"one"});
}

TEST_CASE("lines longer than any buffer come back whole, plain and packed") {
  const DataTestFolder folder;
  std::vector<std::string> expected;
  std::string text;
  for (int i = 0; i < 40; ++i) {
    expected.emplace_back(static_cast<std::size_t>(i) * 7919, static_cast<char>('a' + i % 26));
    text += expected.back() + "\n";
  }
  CHECK(all_lines(write_text_file(folder.path() / "a.txt", text)) == expected);
  CHECK(all_lines(write_text_file(folder.path() / "a.xz", packed(text))) == expected);
  auto twice = expected;
  twice.insert(twice.end(), expected.begin(), expected.end());
  CHECK(all_lines(write_text_file(folder.path() / "b.xz", packed(text) + packed(text))) == twice);
}

TEST_CASE("a missing file, a folder and a cut xz file are named") {
  const DataTestFolder folder;
  CHECK(missing_from_error([&] { all_lines(folder.path() / "none"); },
                           {"none: cannot be opened: No such file"}) == "");
  CHECK(missing_from_error([&] { all_lines(folder.path()); }, {"a folder, a file is needed"}) == "");
  const auto whole = packed(std::string(100000, 'x') + "\n");
  CHECK(missing_from_error(
            [&] { all_lines(write_text_file(folder.path() / "a.xz", whole.substr(0, whole.size() / 2))); },
            {"a.xz: the xz file is cut short or damaged"}) == "");
  CHECK(missing_from_error([&] { all_lines(write_text_file(folder.path() / "a.xz", "plain text\n")); },
                           {"a.xz: the xz file is cut short or damaged"}) == "");
}

}  // namespace
}  // namespace pagewright
