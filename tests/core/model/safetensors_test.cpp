#include "core/model/safetensors.hpp"

#include <cstring>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {

namespace {

NamedTensors two_tensors() {
  return {{"model.norm.weight", at::ones({3}) * 0.5},
          {"lm_head.weight", at::arange(12, at::kFloat).view({4, 3})}};
}

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &size, 8);
  return text + header + data;
}

std::string error_of(const std::string& content) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "x.safetensors", content);
  return test::error_text([&] { read_safetensors(folder / "x.safetensors"); });
}

}  // namespace

TEST_CASE("tensors read back from a safetensors file as they were written") {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", two_tensors(), {{"format", "pt"}});
  const NamedTensors read = read_safetensors(folder / "a.safetensors");
  REQUIRE(read.size() == 2);
  for (const auto& [name, tensor] : two_tensors()) CHECK(at::equal(read.at(name), tensor));
}

TEST_CASE("half precision is widened on reading") {
  const test::TemporaryFolder folder;
  const std::string header =
      R"({"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"h":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}})";
  write_file_atomically(folder / "x.safetensors",
                        file_of(header, std::string("\x80\x3f\x00\xc0\x00\x38", 6)));
  const NamedTensors read = read_safetensors(folder / "x.safetensors");
  CHECK(read.at("b")[0].item<float>() == 1.0F);
  CHECK(read.at("b")[1].item<float>() == -2.0F);
  CHECK(read.at("h")[0].item<float>() == 0.5F);
}

TEST_CASE("a broken safetensors file is refused with its name and the reason") {
  CHECK(test::contains(error_of("abc"), "x.safetensors"));
  CHECK(test::contains(error_of("abc"), "too short"));
  CHECK(test::contains(error_of(std::string(16, '\xff')), "no safetensors file"));
  CHECK(test::contains(error_of(file_of("{\"a\":", "")), "header is damaged"));
  CHECK(test::contains(error_of(file_of("[]", "")), "no JSON object"));
  const auto entry = [](const std::string& shape, const std::string& offsets,
                        const std::string& dtype = "F32") {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  const std::string eight(8, '\0');
  CHECK(error_of(file_of(entry("[2]", "[0,8]"), eight)) == "no error");
  CHECK(test::contains(error_of(file_of(entry("[2]", "[0,12]"), eight)), "outside the file"));
  CHECK(test::contains(error_of(file_of(entry("[3]", "[0,8]"), eight)), "do not fit its shape"));
  CHECK(test::contains(error_of(file_of(entry("[-2]", "[0,8]"), eight)), "negative size"));
  CHECK(test::contains(error_of(file_of(entry("[9223372036854775807,9]", "[0,8]"), eight)), "too large"));
  CHECK(test::contains(error_of(file_of(entry("[2]", "[0,8]", "I8"), eight)), "dtype I8"));
  CHECK(test::contains(error_of(file_of(entry("[1]", "[0,4]"), eight)), "belong to no tensor"));
  CHECK(test::contains(error_of(file_of(entry("[1]", "[4,8]"), eight)), "gap"));
}

TEST_CASE("random damage to a safetensors file is an error or other values, never a crash") {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", two_tensors());
  const std::string whole = read_file(folder / "a.safetensors");
  CounterRandom random(7, RandomStream::controls);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole;
    for (std::uint64_t flips = 1 + random.below(4); flips > 0; --flips)
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) damaged.resize(random.below(damaged.size()));
    if (error_of(damaged) != "no error") ++refused;
  }
  CHECK(refused > 100);
}

}  // namespace pagewright
