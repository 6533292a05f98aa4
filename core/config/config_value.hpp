#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config_node.hpp"

namespace pagewright {

/// Reads one scalar; returns what is wrong as the end of the sentence "'KEY' ...", empty if all is well.
std::string parse_config_scalar(const ConfigNode& node, bool& value);
std::string parse_config_scalar(const ConfigNode& node, int& value);
std::string parse_config_scalar(const ConfigNode& node, int64_t& value);
std::string parse_config_scalar(const ConfigNode& node, uint64_t& value);
std::string parse_config_scalar(const ConfigNode& node, float& value);
std::string parse_config_scalar(const ConfigNode& node, double& value);
std::string parse_config_scalar(const ConfigNode& node, std::string& value);
std::string parse_config_scalar(const ConfigNode& node, std::filesystem::path& value);

/// The value as YAML that parse_config_scalar() reads back.
std::string yaml_scalar(bool value);
std::string yaml_scalar(int value);
std::string yaml_scalar(int64_t value);
std::string yaml_scalar(uint64_t value);
std::string yaml_scalar(float value);
std::string yaml_scalar(double value);
std::string yaml_scalar(const std::string& value);
std::string yaml_scalar(const std::filesystem::path& value);

/// A text as YAML, in double quotes unless it is a plain word.
std::string yaml_text(std::string_view text);

/// "integer", "number", ...: as the reference page says it.
template <class T>
std::string_view config_type_name();
template <>
inline std::string_view config_type_name<bool>() {
  return "true or false";
}
template <>
inline std::string_view config_type_name<int>() {
  return "integer";
}
template <>
inline std::string_view config_type_name<int64_t>() {
  return "integer";
}
template <>
inline std::string_view config_type_name<uint64_t>() {
  return "integer";
}
template <>
inline std::string_view config_type_name<float>() {
  return "number";
}
template <>
inline std::string_view config_type_name<double>() {
  return "number";
}
template <>
inline std::string_view config_type_name<std::string>() {
  return "text";
}
template <>
inline std::string_view config_type_name<std::filesystem::path>() {
  return "path";
}

}  // namespace pagewright
