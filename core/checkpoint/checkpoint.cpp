#include "core/checkpoint/checkpoint.hpp"

#include <fmt/format.h>

#include "core/base/float_format.hpp"

namespace pagewright {

namespace {

void hash_arrays(Sha256& hash, const std::vector<NamedArray>& arrays) {
  for (const NamedArray& array : arrays)
    hash_array(hash, array.name, "float32", array.shape, std::as_bytes(std::span(array.values)));
}

}  // namespace

void hash_array(Sha256& hash, std::string_view name, std::string_view dtype,
                std::span<const std::int64_t> shape, std::span<const std::byte> bytes) {
  std::string header = fmt::format("{} {}", name, dtype);
  for (std::int64_t size : shape) header += fmt::format(" {}", size);
  hash.update(header + "\n").update(bytes);
}

std::string parameters_sha256(const Checkpoint& checkpoint) {
  Sha256 hash;
  const auto parameters = checkpoint.arrays.find("parameters");
  if (parameters != checkpoint.arrays.end()) hash_arrays(hash, parameters->second);
  return hash.hex();
}

std::string state_sha256(const Checkpoint& checkpoint) {
  Sha256 hash;
  hash.update(fmt::format("iteration {}\n", checkpoint.iteration));
  for (const auto& [group, arrays] : checkpoint.arrays) {
    hash.update(group + "\n");
    hash_arrays(hash, arrays);
  }
  for (const auto& [name, value] : checkpoint.numbers)
    hash.update(fmt::format("{} {}\n", name, shortest_text(value)));
  for (const std::string& line : checkpoint.metrics) hash.update(line + "\n");
  return hash.hex();
}

}  // namespace pagewright
