#pragma once
// HDF5 files through the C API: one-dimensional arrays, strings as flat bytes plus offsets, string and
// integer attributes. Nothing else is needed, and nothing here writes variable-length types.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pagewright {

/// Element types of arrays: int8_t, int16_t, int32_t, int64_t, uint8_t, float, double. Stored little-endian.
template <class T>
concept Hdf5Element =
    std::is_same_v<T, std::int8_t> || std::is_same_v<T, std::int16_t> || std::is_same_v<T, std::int32_t> ||
    std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint8_t> || std::is_same_v<T, float> ||
    std::is_same_v<T, double>;

/// An open HDF5 file. Arrays are contiguous; a name such as "pages/id" makes its groups. Every failure is an
/// Error that holds the path, the object and the innermost reason from HDF5's own error stack. Not copyable;
/// one thread at a time.
///
/// Note [HDF5 file locks]
/// File locks are switched off unless HDF5_USE_FILE_LOCKING is set: network file systems often lack them, and
/// files of ours are written under a temporary name and renamed, so that no reader ever opens a file that is
/// being written.
///
/// Note [HDF5 on a full disk]
/// A file that cannot be flushed stays open inside the library, which tries again when the process ends and
/// then crashes. So the library's clean-up at exit is off; every object here closes what it opened.
class Hdf5File {
 public:
  /// Opens for reading. The Error says whether the file is missing, is no HDF5 file, or is cut short or
  /// damaged.
  static Hdf5File open(const std::filesystem::path& path);
  /// Opens for reading and for adding objects.
  static Hdf5File open_to_add(const std::filesystem::path& path);
  /// Creates an empty file, replacing one of that name.
  static Hdf5File create(const std::filesystem::path& path);

  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&& other) noexcept;
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;
  /// Closes; a problem is logged, not thrown. After writing call close(), which throws.
  ~Hdf5File();

  /// Writes everything out and closes. A full disk shows here at the latest.
  void close();
  const std::filesystem::path& path() const { return path_; }

  /// A new array. Error if the name is taken.
  template <Hdf5Element T>
  void write(const std::string& name, std::span<const T> values);
  template <Hdf5Element T>
  void write(const std::string& name, const std::vector<T>& values) {
    write(name, std::span<const T>(values));
  }
  /// A whole array; Error unless it has exactly this element type and one dimension.
  template <Hdf5Element T>
  std::vector<T> read(const std::string& name) const;
  /// Elements [offset, offset + out.size()) of an array.
  template <Hdf5Element T>
  void read_into(const std::string& name, std::int64_t offset, std::span<T> out) const;

  /// A table of strings: NAME/bytes (uint8) and NAME/offsets (int64, one more than there are strings).
  void write_strings(const std::string& name, std::span<const std::string> strings);
  std::vector<std::string> read_strings(const std::string& name) const;

  bool has(const std::string& name) const;
  /// Number of elements of an array.
  std::int64_t length(const std::string& name) const;
  /// Names of the arrays and groups directly under a group ("/" for the root), sorted.
  std::vector<std::string> names(const std::string& group) const;

  /// Attributes of the root. Text is fixed-length UTF-8 of at most 60,000 bytes.
  void set_attribute(const std::string& name, std::string_view text);
  void set_attribute(const std::string& name, std::int64_t number);
  bool has_attribute(const std::string& name) const;
  std::string text_attribute(const std::string& name) const;
  std::int64_t int_attribute(const std::string& name) const;

 private:
  Hdf5File(std::filesystem::path path, std::int64_t id) : path_(std::move(path)), id_(id) {}
  void release() noexcept;

  std::filesystem::path path_;
  std::int64_t id_ = -1;  ///< hid_t
};

}  // namespace pagewright
