#include "core/model/safetensors.hpp"

#include <cstring>
#include <limits>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "tests/core/model/model_support.hpp"
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
  CHECK(test::contains(error_of(file_of(entry("[2.5]", "[0,8]"), eight)), "no whole number"));
  CHECK(test::contains(error_of(file_of(entry("[18446744073709551615]", "[0,8]"), eight)), "too large"));
  CHECK(test::contains(error_of(file_of(entry("[4611686018427387904]", "[0,8]"), eight)), "too large"));
  CHECK(test::contains(error_of(file_of(entry("[0,4611686018427387904,16]", "[0,0]"), "")), "too large"));
  CHECK(error_of(file_of(entry("[0,3]", "[0,0]"), "")) == "no error");
  CHECK(test::contains(error_of(file_of(entry("[2]", "[-8,8]"), eight)), "not two whole numbers"));
  CHECK(test::contains(error_of(file_of(entry("[2]", "[0,8,8]"), eight)), "not two whole numbers"));
  CHECK(test::contains(error_of(file_of(entry("[2]", "[8,0]"), eight)), "outside the file"));
  CHECK(test::contains(error_of(file_of(entry("[1,1,1,1,1,1,1,1,2]", "[0,8]"), eight)), "at most 8"));
  CHECK(test::contains(error_of(file_of(R"({"a":3})", "")), "tensor a"));
  CHECK(test::contains(error_of(file_of(R"({"a":{"dtype":"F32","shape":[2]}})", eight)), "tensor a"));
  const std::string half = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  CHECK(test::contains(error_of(file_of("{" + half + "," + half + "}", std::string(4, '\0'))),
                       "the key \"a\" stands twice"));
  const std::string overlapping = "{" + half + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})";
  CHECK(test::contains(error_of(file_of(overlapping, std::string(6, '\0'))), "tensor b overlaps"));
  // A length that claims more than there is, and one that would overflow when 8 is added.
  for (const char last : {'\x7f', '\xff'})
    CHECK(test::contains(error_of(std::string(7, '\xff') + last + eight), "its header length is"));
}

TEST_CASE("every dtype is read as libtorch converts it, whole and in slices, to every dtype") {
  const test::TemporaryFolder folder;
  CounterRandom random(11, RandomStream::init);
  // More than one piece of a mebibyte, and data that starts on an odd byte.
  const std::int64_t count = safetensors_piece(at::kDouble) * 2 + 77;
  const at::Tensor values = model_test::normal_tensor({count}, at::kDouble, random);
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
    const at::Tensor stored = values.to(type);
    const auto bytes = static_cast<std::size_t>(stored.nbytes());
    std::string header = fmt::format(R"({{"x":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})",
                                     safetensors_dtype_name(type), count, bytes);
    if (header.size() % 2 == 0) header += ' ';
    write_file_atomically(folder / "x.safetensors",
                          file_of(header, {static_cast<const char*>(stored.const_data_ptr()), bytes}));
    const SafetensorsFile file(folder / "x.safetensors");
    for (const at::ScalarType wanted : {at::kDouble, at::kFloat, at::kBFloat16}) {
      at::Tensor all = at::empty({count}, wanted);
      CHECK(file.read("x", 0, all) == 0);
      CHECK(at::equal(all, stored.to(wanted)));
      at::Tensor slice = at::empty({7, 11}, wanted);
      CHECK(file.read("x", count - 77, slice) == 0);
      CHECK(at::equal(slice.view({77}), stored.slice(0, count - 77).to(wanted)));
    }
    REQUIRE_THROWS_AS(file.read("x", count - 1, at::empty({2})), Error);
    REQUIRE_THROWS_AS(file.read("y", 0, at::empty({2})), Error);
  }
}

TEST_CASE("reading a slice touches its bytes alone") {
  const test::TemporaryFolder folder;
  const std::int64_t count = 3'000'000;
  const at::Tensor values = at::arange(count, at::kFloat);
  write_safetensors(folder / "x.safetensors", {{"x", values}});
  const SafetensorsFile file(folder / "x.safetensors");
  // What lies behind the slice is taken away: touching it would end the process.
  const auto whole = std::filesystem::file_size(folder / "x.safetensors");
  std::filesystem::resize_file(folder / "x.safetensors", whole - 4 * 2'000'000);
  at::Tensor slice = at::empty({1000}, at::kFloat);
  CHECK(file.read("x", 999'000, slice) == 0);
  CHECK(at::equal(slice, values.slice(0, 999'000, 1'000'000)));
  CHECK(test::contains(test::error_text([&] { file.read("x", 999'001, slice); }), "has become shorter"));
}

TEST_CASE("NaN and infinite values are counted in every dtype") {
  const test::TemporaryFolder folder;
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
    at::Tensor values = at::ones({100});
    values[3] = std::numeric_limits<float>::quiet_NaN();
    values[50] = std::numeric_limits<float>::infinity();
    values[99] = -std::numeric_limits<float>::infinity();
    values[4] = 0, values[5] = -60000.0F, values[6] = 1e-7F;
    write_safetensors(folder / "x.safetensors", {{"x", values}}, {}, type);
    const SafetensorsFile file(folder / "x.safetensors");
    CHECK(file.at("x").type == type);
    at::Tensor read = at::empty({100});
    CHECK(file.read("x", 0, read) == 3);
    at::Tensor some = at::empty({60});
    CHECK(file.read("x", 4, some) == 1);
  }
}

TEST_CASE("a file written in half precision has the values rounded as libtorch rounds them") {
  const test::TemporaryFolder folder;
  CounterRandom random(12, RandomStream::init);
  const at::Tensor values = model_test::normal_tensor({1000, 700}, at::kFloat, random);
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    write_safetensors(folder / "x.safetensors", {{"a", values.t()}, {"b", values.slice(0, 3, 9)}}, {}, type);
    const NamedTensors read = read_safetensors(folder / "x.safetensors");
    CHECK(at::equal(read.at("a"), values.t().to(type).to(at::kFloat)));
    CHECK(at::equal(read.at("b"), values.slice(0, 3, 9).to(type).to(at::kFloat)));
  }
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
