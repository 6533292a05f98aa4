#include "core/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/float_format.hpp"

namespace pagewright {

void hash_array(Sha256& hash, std::string_view name, std::string_view dtype,
                std::span<const std::int64_t> shape, std::span<const std::byte> bytes) {
  std::string header = fmt::format("{} {}", name, dtype);
  for (std::int64_t size : shape) header += fmt::format(" {}", size);
  hash.update(header + "\n").update(bytes);
}

CheckpointHasher::CheckpointHasher(std::int64_t iteration) {
  state_.update(fmt::format("iteration {}\n", iteration));
}

void CheckpointHasher::group(const std::string& name) {
  state_.update(name + "\n");
  in_parameters_ = name == "parameters";
}

void CheckpointHasher::array(std::string_view name, std::span<const std::int64_t> shape,
                             std::span<const float> values) {
  hash_array(state_, name, "float32", shape, std::as_bytes(values));
  if (in_parameters_) hash_array(parameters_, name, "float32", shape, std::as_bytes(values));
}

void CheckpointHasher::blob(std::string_view name, std::string_view bytes) {
  hash_array(state_, name, "bytes", std::array{std::ssize(bytes)}, std::as_bytes(std::span(bytes)));
}

CheckpointHashes CheckpointHasher::finish(const std::map<std::string, double>& numbers,
                                          std::span<const std::string> metrics) {
  for (const auto& [name, value] : numbers) state_.update(fmt::format("{} {}\n", name, shortest_text(value)));
  for (const std::string& line : metrics) state_.update(line + "\n");
  return {parameters_.hex(), state_.hex()};
}

CheckpointHashes hash_checkpoint(const Checkpoint& checkpoint) {
  CheckpointHasher hasher(checkpoint.iteration);
  for (const auto& [group, arrays] : checkpoint.arrays) {
    hasher.group(group);
    for (const NamedArray& array : arrays) hasher.array(array.name, array.shape, array.values);
  }
  for (const auto& [name, bytes] : checkpoint.blobs) hasher.blob(name, bytes);
  return hasher.finish(checkpoint.numbers, checkpoint.metrics);
}

namespace {

std::vector<NamedArray> joined(std::vector<NamedArray> parts, const std::string& group) {
  std::ranges::sort(parts, [](const NamedArray& a, const NamedArray& b) {
    return std::tie(a.name, a.begin) < std::tie(b.name, b.begin);
  });
  std::vector<NamedArray> whole;
  for (NamedArray& part : parts) {
    const bool next = whole.empty() || whole.back().name != part.name;
    if (next) {
      require(part.begin == 0, "{} of {} has no beginning", part.name, group);
      whole.push_back(std::move(part));
      continue;
    }
    NamedArray& array = whole.back();
    require(array.shape == part.shape && part.begin == std::ssize(array.values),
            "{} of {} has a gap or is there twice at element {}", part.name, group, part.begin);
    array.values.insert(array.values.end(), part.values.begin(), part.values.end());
  }
  for (const NamedArray& array : whole) {
    const std::int64_t size =
        std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1}, std::multiplies<>());
    require(std::ssize(array.values) == size, "{} of {} has {} of its {} elements", array.name, group,
            array.values.size(), size);
  }
  return whole;
}

}  // namespace

void join_parts(Checkpoint& checkpoint) {
  for (auto& [group, arrays] : checkpoint.arrays) arrays = joined(std::move(arrays), group);
}

}  // namespace pagewright
