#include "core/data/line_reader.hpp"

#include <vector>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

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

std::string packed_by_xz(const std::string& text) {
  std::string out(text.size() + 1024, '\0');
  std::size_t size = 0;
  const auto status = lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                              reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                              reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
  REQUIRE(status == LZMA_OK);
  out.resize(size);
  return out;
}

std::string packed_by_gzip(const std::string& text) {
  std::string out(text.size() + 1024, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string packed_by_zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  REQUIRE(ZSTD_isError(size) == 0);
  out.resize(size);
  return out;
}

struct Packing {
  const char* ending;
  const char* name;
  std::string (*pack)(const std::string& text);
};
constexpr Packing kPackings[] = {
    {"gz", "gzip", packed_by_gzip}, {"xz", "xz", packed_by_xz}, {"zst", "zstd", packed_by_zstd}};

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
  auto twice = expected;
  twice.insert(twice.end(), expected.begin(), expected.end());
  for (const Packing& packing : kPackings) {
    INFO(packing.name);
    const std::filesystem::path path = folder.path() / (std::string("a.") + packing.ending);
    CHECK(all_lines(write_text_file(path, packing.pack(text))) == expected);
    CHECK(all_lines(write_text_file(path, packing.pack(text) + packing.pack(text))) == twice);
    CHECK(all_lines(write_text_file(path, packing.pack(""))).empty());
    CHECK(unpacked_name(path) == folder.path() / "a");
  }
  // An output that is full to the last byte when the input ends.
  const std::string piece((1 << 18) - 1, 'x');
  for (const Packing& packing : kPackings)
    CHECK(all_lines(write_text_file(folder.path() / (std::string("b.") + packing.ending),
                                    packing.pack(piece + "\n"))) == std::vector<std::string>{piece});
}

TEST_CASE("a missing file, a folder and a packed file that is cut are named") {
  const DataTestFolder folder;
  CHECK(missing_from_error([&] { all_lines(folder.path() / "none"); },
                           {"none: cannot be opened: No such file"}) == "");
  CHECK(missing_from_error([&] { all_lines(folder.path()); }, {"a folder, a file is needed"}) == "");
  for (const Packing& packing : kPackings) {
    const std::string name = std::string("a.") + packing.ending;
    const std::string complaint = name + ": the " + packing.name + " file is cut short or damaged";
    const std::string whole = packing.pack(std::string(100000, 'x') + "\n");
    for (const std::string& bytes : {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1),
                                     std::string("plain text\n"), std::string()})
      CHECK(missing_from_error([&] { all_lines(write_text_file(folder.path() / name, bytes)); },
                               {complaint}) == "");
  }
}

}  // namespace
}  // namespace pagewright
