#include "core/metrics/event_file.hpp"

#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/metrics/crc32c.hpp"

namespace pagewright {
namespace {

// Field numbers of tensorboard/compat/proto/event.proto and summary.proto.
enum EventField { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
enum SummaryField { kValue = 1 };
enum ValueField { kTag = 1, kSimpleValue = 2 };
enum SessionLogField { kStatus = 1 };
constexpr int kStatusStart = 1;

/// A protocol buffer message under construction.
class ProtoMessage {
 public:
  void varint(int field, std::uint64_t value) {
    put_varint(key(field, 0));
    put_varint(value);
  }
  void real64(int field, double value) {
    put_varint(key(field, 1));
    put_little_endian(std::bit_cast<std::uint64_t>(value), 8);
  }
  void real32(int field, float value) {
    put_varint(key(field, 5));
    put_little_endian(std::bit_cast<std::uint32_t>(value), 4);
  }
  void bytes(int field, std::string_view value) {
    put_varint(key(field, 2));
    put_varint(value.size());
    bytes_ += value;
  }
  void put_little_endian(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFF);
  }
  const std::string& text() const { return bytes_; }

 private:
  static std::uint64_t key(int field, unsigned wire_type) {
    return (static_cast<std::uint64_t>(field) << 3) | wire_type;
  }
  void put_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

ProtoMessage event_now(std::int64_t step) {
  ProtoMessage event;
  event.real64(kWallTime, wall_seconds());
  if (step != 0) event.varint(kStep, static_cast<std::uint64_t>(step));
  return event;
}

std::string event_host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "host";
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder, std::optional<std::int64_t> resumed_at) {
  make_folders(folder);
  const auto seconds = static_cast<std::int64_t>(wall_seconds());
  const std::string name =
      fmt::format("events.out.tfevents.{:010}.{}.{}", seconds, event_host_name(), ::getpid());
  for (int number = 0; !file_; ++number) {
    path_ = folder / (number == 0 ? name : fmt::format("{}.{}", name, number));
    file_.reset(std::fopen(path_.c_str(), "wbx"));
    require(file_ || errno == EEXIST, "cannot write '{}': {}", path_.string(), std::strerror(errno));
  }
  ProtoMessage version = event_now(0);
  version.bytes(kFileVersion, "brain.Event:2");
  write_record(version.text());
  if (resumed_at) {
    ProtoMessage log;
    log.varint(kStatus, kStatusStart);
    ProtoMessage start = event_now(*resumed_at);
    start.bytes(kSessionLog, log.text());
    write_record(start.text());
  }
}

void EventFile::add(std::int64_t step, const std::map<std::string, double>& values) {
  ProtoMessage summary;
  for (const auto& [tag, number] : values) {
    ProtoMessage value;
    value.bytes(kTag, tag);
    value.real32(kSimpleValue, static_cast<float>(number));
    summary.bytes(kValue, value.text());
  }
  ProtoMessage event = event_now(step);
  event.bytes(kSummary, summary.text());
  write_record(event.text());
}

void EventFile::write_record(std::string_view event) {
  ProtoMessage length;
  length.put_little_endian(event.size(), 8);
  ProtoMessage record;
  record.put_little_endian(event.size(), 8);
  record.put_little_endian(masked_crc32c(length.text()), 4);
  std::string bytes = record.text();
  bytes += event;
  ProtoMessage check;
  check.put_little_endian(masked_crc32c(event), 4);
  bytes += check.text();
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size() &&
                       std::fflush(file_.get()) == 0;
  require(written, "cannot write '{}': {}", path_.string(), std::strerror(errno));
}

}  // namespace pagewright
