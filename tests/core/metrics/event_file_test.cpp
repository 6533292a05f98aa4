#include "core/metrics/event_file.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// CRC-32C bit by bit, masked: independent of the table in the library.
std::uint32_t slow_masked_crc(const std::string& bytes) {
  std::uint32_t value = ~0U;
  for (const char byte : bytes) {
    value ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78U : value >> 1;
  }
  value = ~value;
  return ((value >> 15) | (value << 17)) + 0xA282EAD8U;
}

/// A field of a message: the number of a varint or fixed field, or the bytes of a nested one.
struct ParsedField {
  int number = 0;
  int wire = 0;
  std::uint64_t integer = 0;
  std::string bytes;
};

std::uint64_t take_fixed(const std::string& from, std::size_t& at, std::size_t count) {
  REQUIRE(at + count <= from.size());
  std::uint64_t value = 0;
  std::memcpy(&value, from.data() + at, count);
  at += count;
  return value;
}

std::uint64_t take_varint(const std::string& from, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint64_t byte = take_fixed(from, at, 1);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

std::vector<ParsedField> parse_message(const std::string& bytes) {
  std::vector<ParsedField> fields;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t key = take_varint(bytes, at);
    ParsedField field{static_cast<int>(key >> 3), static_cast<int>(key & 7), 0, {}};
    if (field.wire == 0) field.integer = take_varint(bytes, at);
    if (field.wire == 1) field.integer = take_fixed(bytes, at, 8);
    if (field.wire == 5) field.integer = take_fixed(bytes, at, 4);
    if (field.wire == 2) {
      const std::uint64_t size = take_varint(bytes, at);
      REQUIRE(at + size <= bytes.size());
      field.bytes = bytes.substr(at, size);
      at += size;
    }
    fields.push_back(field);
  }
  return fields;
}

struct ParsedEvent {
  double wall_time = 0;
  std::uint64_t step = 0;
  std::string version;
  std::uint64_t session_status = 0;
  std::map<std::string, float> values;
};

ParsedEvent parse_event(const std::string& bytes) {
  ParsedEvent event;
  for (const ParsedField& field : parse_message(bytes)) {
    if (field.number == 1) event.wall_time = std::bit_cast<double>(field.integer);
    if (field.number == 2) event.step = field.integer;
    if (field.number == 3) event.version = field.bytes;
    if (field.number == 7) event.session_status = parse_message(field.bytes).at(0).integer;
    if (field.number != 5) continue;
    for (const ParsedField& value : parse_message(field.bytes)) {
      const auto parts = parse_message(value.bytes);
      REQUIRE(parts.size() == 2);
      REQUIRE(parts[1].wire == 5);
      event.values[parts[0].bytes] = std::bit_cast<float>(static_cast<std::uint32_t>(parts[1].integer));
    }
  }
  return event;
}

std::vector<ParsedEvent> parse_events(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::vector<ParsedEvent> events;
  for (std::size_t at = 0; at < content.size();) {
    const std::string length_bytes = content.substr(at, 8);
    const std::uint64_t length = take_fixed(content, at, 8);
    CHECK(take_fixed(content, at, 4) == slow_masked_crc(length_bytes));
    REQUIRE(at + length + 4 <= content.size());
    const std::string event = content.substr(at, length);
    at += length;
    CHECK(take_fixed(content, at, 4) == slow_masked_crc(event));
    events.push_back(parse_event(event));
  }
  return events;
}

TEST_CASE("An event file parses back, checksums and all, after every event") {
  const test::TemporaryFolder folder;
  EventFile file(folder / "board");
  CHECK(test::contains(file.path().filename().string(), "events.out.tfevents."));
  file.add(0, {{"reward/page", 0.1}, {"kl", -2}});
  REQUIRE(parse_events(file.path()).size() == 2);
  file.add(300, {{"kl", std::nan("")}});
  const auto events = parse_events(file.path());
  REQUIRE(events.size() == 3);
  CHECK(events[0].version == "brain.Event:2");
  CHECK(events[0].wall_time > 1.7e9);
  CHECK(events[1].step == 0);
  CHECK(events[1].values == std::map<std::string, float>{{"kl", -2.F}, {"reward/page", 0.1F}});
  CHECK(events[2].step == 300);
  CHECK(std::isnan(events[2].values.at("kl")));
}

TEST_CASE("A run that goes on says at which step, in a file of its own") {
  const test::TemporaryFolder folder;
  const EventFile first(folder.path());
  const EventFile second(folder.path(), 12);
  CHECK(first.path() != second.path());
  CHECK(parse_events(first.path()).size() == 1);
  const auto events = parse_events(second.path());
  REQUIRE(events.size() == 2);
  CHECK(events[1].step == 12);
  CHECK(events[1].session_status == 1);
}

TEST_CASE("An event file that cannot be made is an error that names the folder") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "taken", "");
  CHECK(test::contains(test::error_text([&] { EventFile(folder / "taken"); }), "taken"));
}

}  // namespace
}  // namespace pagewright
