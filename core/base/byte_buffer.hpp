#pragma once
// Plain values in a row of bytes: what travels between processes that run the same program.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pagewright {

/// Appends values to bytes that a ByteReader takes out in the same order. Host byte order.
class ByteWriter {
 public:
  template <class T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  template <class T>
  void values(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    value(static_cast<std::int64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <class T>
  void values(const std::vector<T>& list) {
    values(std::span<const T>(list));
  }
  void text(std::string_view text) { values(std::span<const char>(text)); }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Throws Error where the bytes end too early or a length makes no sense.
class ByteReader {
 public:
  /// `bytes` must outlive the reader; `what` names them in errors.
  ByteReader(std::string_view bytes, std::string what) : rest_(bytes), what_(std::move(what)) {}

  template <class T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    copy(&value, sizeof(T));
    return value;
  }
  template <class T>
  std::vector<T> values() {
    std::vector<T> values(length(sizeof(T)));
    copy(values.data(), values.size() * sizeof(T));
    return values;
  }
  std::string text() {
    std::string text(length(1), '\0');
    copy(text.data(), text.size());
    return text;
  }
  bool at_end() const { return rest_.empty(); }
  /// Throws Error unless everything was read.
  void finish() const;

 private:
  std::size_t length(std::size_t element_bytes);
  void copy(void* to, std::size_t bytes);

  std::string_view rest_;
  std::string what_;
};

}  // namespace pagewright
