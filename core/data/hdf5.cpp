#include "core/data/hdf5.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

#include <hdf5.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace pagewright {
namespace {

/// The library prints errors by default, per thread; files of ours throw instead.
void hdf5_prepare() {
  static const bool once = [] {
    ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);  // Note [HDF5 file locks]
    H5dont_atexit();                                // Note [HDF5 on a full disk]
    H5open();
    return true;
  }();
  static_cast<void>(once);
  thread_local const bool silent = [] {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(silent);
}

/// Innermost entry of this thread's error stack, the one that names the cause.
std::string hdf5_cause() {
  std::string cause;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* entry, void* out) -> herr_t {
        auto& text = *static_cast<std::string*>(out);
        if (text.empty() && entry->desc != nullptr) text = entry->desc;
        return 0;
      },
      &cause);
  H5Eclear2(H5E_DEFAULT);
  std::replace(cause.begin(), cause.end(), '\n', ' ');
  return cause.empty() ? "no reason given" : cause;
}

[[noreturn]] void hdf5_fail(const std::filesystem::path& path, std::string_view what) {
  fail("{}: {} (HDF5: {})", path.string(), what, hdf5_cause());
}

/// Owns one identifier other than a file's.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Id(const Hdf5Id&) = delete;
  Hdf5Id& operator=(const Hdf5Id&) = delete;
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

Hdf5Id hdf5_checked(hid_t id, Hdf5Id::Close close, const std::filesystem::path& path,
                    const std::string& what) {
  if (id < 0) hdf5_fail(path, what);
  return {id, close};
}

void hdf5_check(herr_t status, const std::filesystem::path& path, const std::string& what) {
  if (status < 0) hdf5_fail(path, what);
}

struct Hdf5Type {
  hid_t memory;
  hid_t file;
  const char* name;
};

template <class T>
Hdf5Type hdf5_type() {
  if constexpr (std::is_same_v<T, std::int8_t>) return {H5T_NATIVE_INT8, H5T_STD_I8LE, "int8"};
  if constexpr (std::is_same_v<T, std::int16_t>) return {H5T_NATIVE_INT16, H5T_STD_I16LE, "int16"};
  if constexpr (std::is_same_v<T, std::int32_t>) return {H5T_NATIVE_INT32, H5T_STD_I32LE, "int32"};
  if constexpr (std::is_same_v<T, std::int64_t>) return {H5T_NATIVE_INT64, H5T_STD_I64LE, "int64"};
  if constexpr (std::is_same_v<T, std::uint8_t>) return {H5T_NATIVE_UINT8, H5T_STD_U8LE, "uint8"};
  if constexpr (std::is_same_v<T, float>) return {H5T_NATIVE_FLOAT, H5T_IEEE_F32LE, "float32"};
  if constexpr (std::is_same_v<T, double>) return {H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE, "float64"};
}

std::string hdf5_describe(hid_t type) {
  const auto bits = 8 * H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
    case H5T_FLOAT:
      return fmt::format("float{}", bits);
    case H5T_STRING:
      return "string";
    default:
      return "another type";
  }
}

Hdf5Id hdf5_dataset(hid_t file, const std::filesystem::path& path, const std::string& name) {
  return hdf5_checked(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, path,
                      fmt::format("array '{}' is missing or unreadable", name));
}

hsize_t hdf5_length(hid_t dataset, const std::filesystem::path& path, const std::string& name) {
  const auto space =
      hdf5_checked(H5Dget_space(dataset), H5Sclose, path, fmt::format("array '{}' has no shape", name));
  const int rank = H5Sget_simple_extent_ndims(space);
  require(rank == 1, "{}: array '{}' has {} dimensions, 1 expected", path.string(), name, rank);
  hsize_t length = 0;
  H5Sget_simple_extent_dims(space, &length, nullptr);
  return length;
}

template <class T>
void hdf5_check_type(hid_t dataset, const std::filesystem::path& path, const std::string& name) {
  const auto type =
      hdf5_checked(H5Dget_type(dataset), H5Tclose, path, fmt::format("array '{}' has no type", name));
  const auto found = hdf5_describe(type);
  require(found == hdf5_type<T>().name, "{}: array '{}' holds {}, {} expected", path.string(), name, found,
          hdf5_type<T>().name);
}

hid_t hdf5_open(const std::filesystem::path& path, unsigned flags) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  require(std::filesystem::exists(status), "{}: no such file", path.string());
  require(std::filesystem::is_regular_file(status), "{}: not a regular file", path.string());
  const hid_t id = H5Fopen(path.c_str(), flags, H5P_DEFAULT);
  if (id >= 0) return id;
  const auto cause = hdf5_cause();
  const bool foreign = H5Fis_hdf5(path.c_str()) == 0;
  H5Eclear2(H5E_DEFAULT);
  if (foreign)
    fail("{}: not an HDF5 file, or its beginning is lost; give a file that Pagewright wrote", path.string());
  fail("{}: cannot be opened: cut short, damaged or not readable; restore it or write it again (HDF5: {})",
       path.string(), cause);
}

}  // namespace

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
  hdf5_prepare();  // the H5F_ACC macros start the library
  return {path, hdf5_open(path, H5F_ACC_RDONLY)};
}

Hdf5File Hdf5File::open_to_add(const std::filesystem::path& path) {
  hdf5_prepare();  // the H5F_ACC macros start the library
  return {path, hdf5_open(path, H5F_ACC_RDWR)};
}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
  hdf5_prepare();
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (id < 0) hdf5_fail(path, "cannot be created; check that the folder exists, is writable and has room");
  return {path, id};
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)), id_(std::exchange(other.id_, std::int64_t{-1})) {}

Hdf5File& Hdf5File::operator=(Hdf5File&& other) noexcept {
  if (this != &other) {
    release();
    path_ = std::move(other.path_);
    id_ = std::exchange(other.id_, std::int64_t{-1});
  }
  return *this;
}

Hdf5File::~Hdf5File() {
  release();
}

void Hdf5File::release() noexcept {
  if (id_ < 0) return;
  const hid_t id = std::exchange(id_, std::int64_t{-1});
  if (H5Fclose(id) >= 0 || std::uncaught_exceptions() > 0) return;  // an Error under way says more
  try {
    log_warn("{}: not closed properly (HDF5: {})", path_.string(), hdf5_cause());
  } catch (...) {  // a destructor has nobody to tell
  }
}

void Hdf5File::close() {
  if (id_ < 0) return;
  hdf5_check(H5Fflush(id_, H5F_SCOPE_LOCAL), path_, "cannot be written out; is the disk full?");
  hdf5_check(H5Fclose(std::exchange(id_, std::int64_t{-1})), path_, "cannot be closed; is the disk full?");
}

template <Hdf5Element T>
void Hdf5File::write(const std::string& name, std::span<const T> values) {
  hdf5_prepare();
  const auto what = fmt::format("cannot write array '{}'; is the disk full?", name);
  const hsize_t length = values.size();
  const auto space = hdf5_checked(H5Screate_simple(1, &length, nullptr), H5Sclose, path_, what);
  const auto links = hdf5_checked(H5Pcreate(H5P_LINK_CREATE), H5Pclose, path_, what);
  hdf5_check(H5Pset_create_intermediate_group(links, 1), path_, what);
  const auto set =
      hdf5_checked(H5Dcreate2(id_, name.c_str(), hdf5_type<T>().file, space, links, H5P_DEFAULT, H5P_DEFAULT),
                   H5Dclose, path_, what);
  if (!values.empty())
    hdf5_check(H5Dwrite(set, hdf5_type<T>().memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path_,
               what);
}

template <Hdf5Element T>
std::vector<T> Hdf5File::read(const std::string& name) const {
  std::vector<T> values(static_cast<std::size_t>(length(name)));
  read_into<T>(name, 0, values);
  return values;
}

template <Hdf5Element T>
void Hdf5File::read_into(const std::string& name, std::int64_t offset, std::span<T> out) const {
  hdf5_prepare();
  const auto set = hdf5_dataset(id_, path_, name);
  hdf5_check_type<T>(set, path_, name);
  const auto length = static_cast<std::int64_t>(hdf5_length(set, path_, name));
  const auto count = static_cast<std::int64_t>(out.size());
  require(offset >= 0 && count <= length - offset, "{}: array '{}' has {} elements; [{}, {}) asked for",
          path_.string(), name, length, offset, offset + count);
  if (out.empty()) return;
  const auto what = fmt::format("cannot read array '{}'; the file is damaged", name);
  const auto start = static_cast<hsize_t>(offset);
  const hsize_t size = out.size();
  const auto file_space = hdf5_checked(H5Dget_space(set), H5Sclose, path_, what);
  hdf5_check(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, nullptr, &size, nullptr), path_, what);
  const auto memory_space = hdf5_checked(H5Screate_simple(1, &size, nullptr), H5Sclose, path_, what);
  hdf5_check(H5Dread(set, hdf5_type<T>().memory, memory_space, file_space, H5P_DEFAULT, out.data()), path_,
             what);
}

#define PAGEWRIGHT_HDF5_ELEMENT(T)                                          \
  template void Hdf5File::write<T>(const std::string&, std::span<const T>); \
  template std::vector<T> Hdf5File::read<T>(const std::string&) const;      \
  template void Hdf5File::read_into<T>(const std::string&, std::int64_t, std::span<T>) const;
PAGEWRIGHT_HDF5_ELEMENT(std::int8_t)
PAGEWRIGHT_HDF5_ELEMENT(std::int16_t)
PAGEWRIGHT_HDF5_ELEMENT(std::int32_t)
PAGEWRIGHT_HDF5_ELEMENT(std::int64_t)
PAGEWRIGHT_HDF5_ELEMENT(std::uint8_t)
PAGEWRIGHT_HDF5_ELEMENT(float)
PAGEWRIGHT_HDF5_ELEMENT(double)
#undef PAGEWRIGHT_HDF5_ELEMENT

void Hdf5File::write_strings(const std::string& name, std::span<const std::string> strings) {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> offsets{0};
  for (const auto& text : strings) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  write(name + "/bytes", bytes);
  write(name + "/offsets", offsets);
}

std::vector<std::string> Hdf5File::read_strings(const std::string& name) const {
  const auto bytes = read<std::uint8_t>(name + "/bytes");
  const auto offsets = read<std::int64_t>(name + "/offsets");
  const bool sound = !offsets.empty() && offsets.front() == 0 &&
                     std::is_sorted(offsets.begin(), offsets.end()) &&
                     offsets.back() == static_cast<std::int64_t>(bytes.size());
  require(sound, "{}: the offsets of string table '{}' do not fit its bytes; the file is damaged",
          path_.string(), name);
  std::vector<std::string> strings;
  strings.reserve(offsets.size() - 1);
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    strings.emplace_back(bytes.begin() + offsets[i], bytes.begin() + offsets[i + 1]);
  return strings;
}

bool Hdf5File::has(const std::string& name) const {
  hdf5_prepare();
  for (auto end = name.find('/', 1);; end = name.find('/', end + 1)) {
    if (H5Lexists(id_, name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return false;
    }
    if (end == std::string::npos) return true;
  }
}

std::int64_t Hdf5File::length(const std::string& name) const {
  hdf5_prepare();
  return static_cast<std::int64_t>(hdf5_length(hdf5_dataset(id_, path_, name), path_, name));
}

std::vector<std::string> Hdf5File::names(const std::string& group) const {
  hdf5_prepare();
  const auto what = fmt::format("group '{}' is missing or unreadable", group);
  const auto opened = hdf5_checked(H5Gopen2(id_, group.c_str(), H5P_DEFAULT), H5Gclose, path_, what);
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  hdf5_check(H5Literate(opened, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names), path_, what);
  std::sort(names.begin(), names.end());
  return names;
}

void Hdf5File::set_attribute(const std::string& name, std::string_view text) {
  hdf5_prepare();
  require(text.size() <= 60000, "{}: attribute '{}' has {} bytes, at most 60000 are possible", path_.string(),
          name, text.size());
  const auto what = fmt::format("cannot write attribute '{}'; is the disk full?", name);
  const auto type = hdf5_checked(H5Tcopy(H5T_C_S1), H5Tclose, path_, what);
  hdf5_check(H5Tset_size(type, std::max<std::size_t>(text.size(), 1)), path_, what);
  hdf5_check(H5Tset_cset(type, H5T_CSET_UTF8), path_, what);
  hdf5_check(H5Tset_strpad(type, H5T_STR_NULLPAD), path_, what);
  const auto space = hdf5_checked(H5Screate(H5S_SCALAR), H5Sclose, path_, what);
  const auto attribute = hdf5_checked(H5Acreate2(id_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                                      H5Aclose, path_, what);
  const std::string padded = text.empty() ? std::string(1, '\0') : std::string(text);
  hdf5_check(H5Awrite(attribute, type, padded.data()), path_, what);
}

void Hdf5File::set_attribute(const std::string& name, std::int64_t number) {
  hdf5_prepare();
  const auto what = fmt::format("cannot write attribute '{}'; is the disk full?", name);
  const auto space = hdf5_checked(H5Screate(H5S_SCALAR), H5Sclose, path_, what);
  const auto attribute = hdf5_checked(
      H5Acreate2(id_, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, path_, what);
  hdf5_check(H5Awrite(attribute, H5T_NATIVE_INT64, &number), path_, what);
}

bool Hdf5File::has_attribute(const std::string& name) const {
  hdf5_prepare();
  const bool found = H5Aexists(id_, name.c_str()) > 0;
  H5Eclear2(H5E_DEFAULT);
  return found;
}

std::string Hdf5File::text_attribute(const std::string& name) const {
  hdf5_prepare();
  const auto what = fmt::format("attribute '{}' is missing or unreadable", name);
  const auto attribute = hdf5_checked(H5Aopen(id_, name.c_str(), H5P_DEFAULT), H5Aclose, path_, what);
  const auto type = hdf5_checked(H5Aget_type(attribute), H5Tclose, path_, what);
  require(H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0,
          "{}: attribute '{}' holds {}, fixed-length text expected", path_.string(), name,
          hdf5_describe(type));
  std::string text(H5Tget_size(type), '\0');
  hdf5_check(H5Aread(attribute, type, text.data()), path_, what);
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

std::int64_t Hdf5File::int_attribute(const std::string& name) const {
  hdf5_prepare();
  const auto what = fmt::format("attribute '{}' is missing or unreadable", name);
  const auto attribute = hdf5_checked(H5Aopen(id_, name.c_str(), H5P_DEFAULT), H5Aclose, path_, what);
  const auto type = hdf5_checked(H5Aget_type(attribute), H5Tclose, path_, what);
  require(H5Tget_class(type) == H5T_INTEGER, "{}: attribute '{}' holds {}, an integer expected",
          path_.string(), name, hdf5_describe(type));
  std::int64_t number = 0;
  hdf5_check(H5Aread(attribute, H5T_NATIVE_INT64, &number), path_, what);
  return number;
}

}  // namespace pagewright
