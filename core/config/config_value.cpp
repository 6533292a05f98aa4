#include "core/config/config_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/float_format.hpp"

namespace pagewright {
namespace {

std::string wrong_scalar(const ConfigNode& node, std::string_view wanted, std::string_view advice = {}) {
  if (node.kind == ConfigNode::Kind::null) return fmt::format("has no value; it must be {}", wanted);
  return fmt::format("must be {}, not {}{}", wanted, config_node_text(node), advice);
}

std::string_view quotes_advice(const ConfigNode& node) {
  return node.quoted ? " (leave out the quotes)" : "";
}

template <class Integer>
std::string parse_config_integer(const ConfigNode& node, Integer& value) {
  constexpr std::string_view kWanted = "an integer";
  if (node.kind != ConfigNode::Kind::scalar) return wrong_scalar(node, kWanted);
  if (node.quoted) return wrong_scalar(node, kWanted, quotes_advice(node));
  const char* end = node.text.data() + node.text.size();
  const auto parsed = std::from_chars(node.text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end) return "";
  const bool negative = node.text.starts_with('-') && std::is_unsigned_v<Integer>;
  if (parsed.ec == std::errc::result_out_of_range || negative)
    return fmt::format("= {} must be in [{}, {}]", node.text, std::numeric_limits<Integer>::min(),
                       std::numeric_limits<Integer>::max());
  return wrong_scalar(node, kWanted);
}

template <class Float>
std::string parse_config_float(const ConfigNode& node, Float& value) {
  constexpr std::string_view kWanted = "a number";
  if (node.kind != ConfigNode::Kind::scalar) return wrong_scalar(node, kWanted);
  if (node.quoted) return wrong_scalar(node, kWanted, quotes_advice(node));
  std::string_view text = node.text;
  constexpr Float kInfinity = std::numeric_limits<Float>::infinity();
  if (text == ".inf" || text == "+.inf" || text == "-.inf") {
    value = text.front() == '-' ? -kInfinity : kInfinity;
    return "";
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  Float parsed_value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), parsed_value);
  const bool whole = parsed.ptr == text.data() + text.size() && !text.empty();
  if (parsed.ec == std::errc::result_out_of_range && whole)
    return fmt::format("= {} does not fit in a number", text);
  if (parsed.ec != std::errc() || !whole || !std::isfinite(parsed_value)) return wrong_scalar(node, kWanted);
  value = parsed_value;
  return "";
}

template <class Float>
std::string yaml_float(Float value) {
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  return shortest_text(value);
}

/// A text that YAML readers of any version take as a text without quotes.
bool is_plain_word(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
  };
  const auto inner = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '@';
  };
  if (text.empty() || !letter(text.front()) || !std::ranges::all_of(text, inner)) return false;
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  constexpr std::string_view kReserved[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  return std::ranges::find(kReserved, lower) == std::end(kReserved);
}

}  // namespace

std::string parse_config_scalar(const ConfigNode& node, bool& value) {
  constexpr std::string_view kWanted = "true or false";
  if (node.kind != ConfigNode::Kind::scalar) return wrong_scalar(node, kWanted);
  if (node.quoted) return wrong_scalar(node, kWanted, quotes_advice(node));
  if (node.text != "true" && node.text != "false") return wrong_scalar(node, kWanted);
  value = node.text == "true";
  return "";
}

std::string parse_config_scalar(const ConfigNode& node, int& value) {
  return parse_config_integer(node, value);
}
std::string parse_config_scalar(const ConfigNode& node, int64_t& value) {
  return parse_config_integer(node, value);
}
std::string parse_config_scalar(const ConfigNode& node, uint64_t& value) {
  return parse_config_integer(node, value);
}
std::string parse_config_scalar(const ConfigNode& node, float& value) {
  return parse_config_float(node, value);
}
std::string parse_config_scalar(const ConfigNode& node, double& value) {
  return parse_config_float(node, value);
}

std::string parse_config_scalar(const ConfigNode& node, std::string& value) {
  if (node.kind == ConfigNode::Kind::null) return "has no value; it must be a text (\"\" for an empty one)";
  if (node.kind != ConfigNode::Kind::scalar) return wrong_scalar(node, "a text");
  value = node.text;
  return "";
}

std::string parse_config_scalar(const ConfigNode& node, std::filesystem::path& value) {
  if (node.kind != ConfigNode::Kind::scalar) return wrong_scalar(node, "a path");
  value = node.text;
  return "";
}

std::string yaml_scalar(bool value) {
  return value ? "true" : "false";
}
std::string yaml_scalar(int value) {
  return std::to_string(value);
}
std::string yaml_scalar(int64_t value) {
  return std::to_string(value);
}
std::string yaml_scalar(uint64_t value) {
  return std::to_string(value);
}
std::string yaml_scalar(float value) {
  return yaml_float(value);
}
std::string yaml_scalar(double value) {
  return yaml_float(value);
}
std::string yaml_scalar(const std::string& value) {
  return yaml_text(value);
}
std::string yaml_scalar(const std::filesystem::path& value) {
  return yaml_text(value.string());
}

std::string yaml_text(std::string_view text) {
  if (is_plain_word(text)) return std::string(text);
  std::string quoted = "\"";
  for (char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\')
      quoted += {'\\', character};
    else if (character == '\n')
      quoted += "\\n";
    else if (character == '\t')
      quoted += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      quoted += fmt::format("\\x{:02X}", byte);
    else
      quoted += character;
  }
  return quoted + '"';
}

}  // namespace pagewright
