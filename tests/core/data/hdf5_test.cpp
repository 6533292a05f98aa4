#include "core/data/hdf5.hpp"

#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <numeric>
#include <thread>

#include <hdf5.h>
#include <sys/resource.h>

#include "core/base/error.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("arrays of every element type come back bit for bit") {
  const DataTestFolder folder;
  const auto path = folder.path() / "a.h5";
  const std::vector<std::int8_t> i8{-128, 0, 127};
  const std::vector<std::int16_t> i16{-32768, 7, 32767};
  const std::vector<std::int32_t> i32{std::numeric_limits<std::int32_t>::min(), 0, 5};
  const std::vector<std::int64_t> i64{std::numeric_limits<std::int64_t>::min(), -1, 1};
  const std::vector<std::uint8_t> u8{0, 128, 255};
  const std::vector<float> f32{0.1f, -std::numeric_limits<float>::infinity(), 1e-45f};
  const std::vector<double> f64{0.1, std::nan(""), 5e-324};
  {
    auto file = Hdf5File::create(path);
    file.write("i8", i8);
    file.write("deep/er/i16", i16);
    file.write("deep/i32", i32);
    file.write("i64", i64);
    file.write("u8", u8);
    file.write("f32", f32);
    file.write("f64", f64);
    file.write("none", std::vector<float>{});
    file.close();
  }
  const auto file = Hdf5File::open(path);
  CHECK(file.read<std::int8_t>("i8") == i8);
  CHECK(file.read<std::int16_t>("deep/er/i16") == i16);
  CHECK(file.read<std::int32_t>("deep/i32") == i32);
  CHECK(file.read<std::int64_t>("i64") == i64);
  CHECK(file.read<std::uint8_t>("u8") == u8);
  CHECK(file.read<float>("f32") == f32);
  const auto doubles = file.read<double>("f64");
  CHECK(doubles[0] == 0.1);
  CHECK(std::isnan(doubles[1]));
  CHECK(doubles[2] == 5e-324);
  CHECK(file.read<float>("none").empty());
  CHECK(file.has("deep/er/i16"));
  CHECK_FALSE(file.has("deep/other/i16"));
  CHECK(file.names("deep") == std::vector<std::string>{"er", "i32"});
  CHECK(file.length("i64") == 3);
}

TEST_CASE("a slice of an array is read without the rest, and never beyond its end") {
  const DataTestFolder folder;
  std::vector<std::int32_t> values(1000);
  std::iota(values.begin(), values.end(), 0);
  auto file = Hdf5File::create(folder.path() / "a.h5");
  file.write("x", values);
  std::vector<std::int32_t> slice(3);
  file.read_into<std::int32_t>("x", 997, slice);
  CHECK(slice == std::vector<std::int32_t>{997, 998, 999});
  CHECK(missing_from_error([&] { file.read_into<std::int32_t>("x", 998, slice); }, {"has 1000 elements"}) ==
        "");
}

TEST_CASE("strings keep empty ones, zero bytes and UTF-8; attributes keep text and numbers") {
  const DataTestFolder folder;
  const auto path = folder.path() / "a.h5";
  const std::vector<std::string> strings{"", "caf\xc3\xa9", std::string("a\0b", 3), "", "x"};
  {
    auto file = Hdf5File::create(path);
    file.write_strings("names", strings);
    file.write_strings("empty", {});
    file.set_attribute("text", "gr\xc3\xbc\xc3\x9f");
    file.set_attribute("void", "");
    file.set_attribute("number", std::int64_t{1} << 40);
    file.close();
  }
  const auto file = Hdf5File::open(path);
  CHECK(file.read_strings("names") == strings);
  CHECK(file.read_strings("empty").empty());
  CHECK(file.text_attribute("text") == "gr\xc3\xbc\xc3\x9f");
  CHECK(file.text_attribute("void").empty());
  CHECK(file.int_attribute("number") == std::int64_t{1} << 40);
  CHECK(file.has_attribute("text"));
  CHECK_FALSE(file.has_attribute("texts"));
  CHECK(missing_from_error([&] { file.int_attribute("text"); }, {"an integer expected"}) == "");
  CHECK(missing_from_error([&] { file.text_attribute("number"); }, {"fixed-length text expected"}) == "");
}

TEST_CASE("a wrong element type, a wrong rank and a missing array are named with path and array") {
  const DataTestFolder folder;
  const auto path = folder.path() / "a.h5";
  {
    auto file = Hdf5File::create(path);
    file.write("x", std::vector<std::int32_t>{1});
    file.close();
    const hid_t raw = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hsize_t shape[2] = {2, 3};
    const hid_t space = H5Screate_simple(2, shape, nullptr);
    const hid_t set = H5Dcreate2(raw, "matrix", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(set);
    H5Sclose(space);
    H5Fclose(raw);
  }
  const auto file = Hdf5File::open(path);
  CHECK(missing_from_error([&] { file.read<std::int64_t>("x"); },
                           {path.string(), "'x' holds int32, int64 expected"}) == "");
  CHECK(missing_from_error([&] { file.read<float>("x"); }, {"float32 expected"}) == "");
  CHECK(missing_from_error([&] { file.read<std::int32_t>("matrix"); },
                           {"'matrix' has 2 dimensions, 1 expected"}) == "");
  CHECK(missing_from_error([&] { file.read<std::int32_t>("y"); }, {path.string(), "'y' is missing"}) == "");
}

TEST_CASE("a missing, a foreign and a cut HDF5 file are told apart") {
  const DataTestFolder folder;
  CHECK(missing_from_error([&] { Hdf5File::open(folder.path() / "none.h5"); }, {"none.h5: no such file"}) ==
        "");
  CHECK(missing_from_error([&] { Hdf5File::open(folder.path()); }, {"not a regular file"}) == "");
  const auto foreign = folder.path() / "foreign.h5";
  std::ofstream(foreign) << "PK\003\004 something else altogether";
  CHECK(missing_from_error([&] { Hdf5File::open(foreign); }, {"foreign.h5: not an HDF5 file"}) == "");
  const auto cut = folder.path() / "cut.h5";
  {
    auto file = Hdf5File::create(cut);
    file.write("x", std::vector<double>(10000, 1.0));
    file.close();
  }
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) / 2);
  CHECK(missing_from_error([&] { Hdf5File::open(cut); },
                           {"cut.h5: cannot be opened: cut short", "truncated"}) == "");
}

TEST_CASE("a file that may not grow is a clear error, and the library works on afterwards") {
  const DataTestFolder folder;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{64 * 1024, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    auto file = Hdf5File::create(folder.path() / "full.h5");
    file.write("small", std::vector<double>(10, 1.0));
    file.write("x", std::vector<double>(100000, 1.0));
    file.close();
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(missing_parts(message, {"full.h5", "is the disk full?"}) == "");
  auto file = Hdf5File::create(folder.path() / "next.h5");
  file.write("x", std::vector<double>(100000, 1.0));
  file.close();
  CHECK(Hdf5File::open(folder.path() / "next.h5").length("x") == 100000);
}

TEST_CASE("errors of another thread print nothing and are thrown there") {
  const DataTestFolder folder;
  std::string message;
  std::thread([&] {
    try {
      Hdf5File::create(folder.path() / "no" / "such" / "folder.h5");
    } catch (const Error& error) {
      message = error.what();
    }
  }).join();
  CHECK(missing_parts(message, {"cannot be created"}) == "");
}

}  // namespace
}  // namespace pagewright
