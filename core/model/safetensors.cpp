#include "core/model/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/strict_json.hpp"

namespace pagewright {

namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr std::size_t kMostDimensions = 8;
constexpr std::int64_t kPieceBytes = 1 << 20;

struct DtypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DtypeName kDtypeNames[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}};

std::vector<std::int64_t> parse_shape(const nlohmann::json& entry) {
  const nlohmann::json& sizes = entry.at("shape");
  require(sizes.is_array() && sizes.size() <= kMostDimensions, "its shape must be a list of at most {} sizes",
          kMostDimensions);
  std::vector<std::int64_t> shape;
  for (const nlohmann::json& size : sizes) {
    require(size.is_number_integer(), "its shape has {}, which is no whole number", size.dump());
    require(size.is_number_unsigned(), "a negative size in its shape");
    require(size.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max(), "its shape is too large");
    shape.push_back(size.get<std::int64_t>());
  }
  return shape;
}

/// Product of the sizes times the element size; an Error instead of an overflow, even where a size is zero.
std::uint64_t byte_count(const std::vector<std::int64_t>& shape, at::ScalarType type) {
  std::uint64_t bytes = c10::elementSize(type);
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size == 0) {
      empty = true;
      continue;
    }
    require(bytes <= std::numeric_limits<std::int64_t>::max() / static_cast<std::uint64_t>(size),
            "its shape is too large");
    bytes *= static_cast<std::uint64_t>(size);
  }
  return empty ? 0 : bytes;
}

StoredTensor parse_entry(const nlohmann::json& entry, std::uint64_t data_size) {
  require(entry.is_object(), "its entry is {}, not an object", json_kind(entry));
  StoredTensor stored;
  stored.type = safetensors_dtype(entry.at("dtype").get<std::string>());
  stored.shape = parse_shape(entry);
  const nlohmann::json& offsets = entry.at("data_offsets");
  require(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
              offsets[1].is_number_unsigned(),
          "its data_offsets {} are not two whole numbers", offsets.dump());
  stored.begin = offsets[0].get<std::uint64_t>();
  stored.end = offsets[1].get<std::uint64_t>();
  require(stored.begin <= stored.end && stored.end <= data_size,
          "its data_offsets lie outside the file; the file is cut short or damaged");
  require(stored.end - stored.begin == byte_count(stored.shape, stored.type),
          "its bytes do not fit its shape and dtype");
  return stored;
}

/// Tensors must follow each other without gaps and overlaps, as the format demands.
void check_coverage(const SafetensorsFile::Tensors& tensors, std::uint64_t data_size) {
  std::vector<std::pair<const StoredTensor*, const std::string*>> order;
  for (const auto& [name, stored] : tensors) order.emplace_back(&stored, &name);
  std::ranges::sort(order, {}, [](const auto& one) { return std::pair(one.first->begin, one.first->end); });
  std::uint64_t next = 0;
  for (const auto& [stored, name] : order) {
    require(stored->begin == next, "tensor {} overlaps another or leaves a gap", *name);
    next = stored->end;
  }
  require(next == data_size, "{} bytes at the end belong to no tensor", data_size - next);
}

SafetensorsFile::Tensors parse_header(std::string_view text, std::uint64_t data_size) {
  const nlohmann::json header =
      with_context("its header is damaged", [&] { return parse_strict_json(text); });
  require(header.is_object(), "its header is no JSON object");
  SafetensorsFile::Tensors tensors;
  for (const auto& [name, entry] : header.items())
    if (name != "__metadata__")
      tensors.emplace(name, with_context("tensor " + name,
                                         [&, &value = entry] { return parse_entry(value, data_size); }));
  check_coverage(tensors, data_size);
  return tensors;
}

/// How many of `n` numbers of a piece have all bits of the exponent set: NaN or infinite.
template <class Word>
std::int64_t count_not_finite(const void* data, std::int64_t n, Word exponent) {
  const Word* words = static_cast<const Word*>(data);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) count += (words[i] & exponent) == exponent;
  return count;
}

std::int64_t count_not_finite(const at::Tensor& piece /* [n], contiguous, on the CPU */) {
  const void* data = piece.const_data_ptr();
  const std::int64_t n = piece.numel();
  if (piece.scalar_type() == at::kDouble) return count_not_finite<std::uint64_t>(data, n, 0x7FFULL << 52);
  if (piece.scalar_type() == at::kFloat) return count_not_finite<std::uint32_t>(data, n, 0xFFU << 23);
  const std::uint16_t exponent = piece.scalar_type() == at::kHalf ? 0x1FU << 10 : 0xFFU << 7;
  return count_not_finite<std::uint16_t>(data, n, exponent);
}

}  // namespace

std::int64_t safetensors_piece(at::ScalarType dtype) {
  return kPieceBytes / static_cast<std::int64_t>(c10::elementSize(dtype));
}

at::ScalarType safetensors_dtype(std::string_view name) {
  for (const DtypeName& known : kDtypeNames)
    if (name == known.name) return known.type;
  fail("dtype {} is not supported (F64, F32, F16 and BF16 are)", name);
}

const char* safetensors_dtype_name(at::ScalarType dtype) {
  for (const DtypeName& known : kDtypeNames)
    if (dtype == known.type) return known.name;
  fail("dtype {} is not supported (float64, float32, float16 and bfloat16 are)", c10::toString(dtype));
}

std::int64_t StoredTensor::numel() const {
  return static_cast<std::int64_t>((end - begin) / c10::elementSize(type));
}

SafetensorsFile::SafetensorsFile(std::filesystem::path path) : path_(std::move(path)), file_(path_) {
  with_context(path_.string(), [&] {
    require(file_.size() >= 8, "the file is too short to be a safetensors file");
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, file_.bytes(0, 8).data(), 8);
    require(
        header_size <= kLongestHeader && header_size <= file_.size() - 8,
        "its header length is {}, more than the file holds; this is no safetensors file, or it is cut short",
        header_size);
    const auto header = file_.bytes(8, header_size);
    data_begin_ = 8 + header_size;
    tensors_ = parse_header({reinterpret_cast<const char*>(header.data()), header.size()},
                            file_.size() - data_begin_);
  });
}

const StoredTensor& SafetensorsFile::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  require(found != tensors_.end(), "{} has no tensor {}", path_.string(), name);
  return found->second;
}

std::int64_t SafetensorsFile::read(std::string_view name, std::int64_t begin, const at::Tensor& out) const {
  const StoredTensor& stored = at(name);
  const std::int64_t count = out.numel(), most = safetensors_piece(stored.type);
  require(out.is_contiguous() && begin >= 0 && count <= stored.numel() - begin,
          "{}: elements {} to {} of tensor {}, which has {}", path_.string(), begin, begin + count, name,
          stored.numel());
  const at::Tensor to = out.view({-1});
  const std::size_t size = c10::elementSize(stored.type);
  const std::size_t first = data_begin_ + stored.begin + static_cast<std::size_t>(begin) * size;
  // The data of a tensor need not be aligned in the file: pieces are copied first, to where they belong if
  // nothing is to be converted.
  const bool direct = to.scalar_type() == stored.type && to.device().is_cpu();
  const at::Tensor buffer = at::empty({direct ? 0 : std::min(count, most)}, at::TensorOptions(stored.type));
  std::int64_t not_finite = 0;
  for (std::int64_t done = 0; done < count; done += most) {
    const std::int64_t n = std::min(most, count - done);
    const at::Tensor target = to.narrow(0, done, n), piece = direct ? target : buffer.narrow(0, 0, n);
    const auto bytes =
        file_.bytes(first + static_cast<std::size_t>(done) * size, static_cast<std::size_t>(n) * size);
    std::memcpy(piece.mutable_data_ptr(), bytes.data(), bytes.size());
    not_finite += count_not_finite(piece);
    if (!direct) target.copy_(piece);
  }
  file_.forget(first, static_cast<std::size_t>(count) * size);
  return not_finite;
}

NamedTensors read_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  NamedTensors tensors;
  for (const auto& [name, stored] : file.tensors()) {
    at::Tensor& tensor = tensors[name] = at::empty(stored.shape, at::TensorOptions(at::kFloat));
    file.read(name, 0, tensor);
  }
  return tensors;
}

}  // namespace pagewright
