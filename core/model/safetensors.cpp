#include "core/model/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;

/// A file mapped for reading.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(descriptor >= 0, "cannot open {}: {}", path.string(), std::strerror(errno));
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
    if (size_ > 0) address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    ::close(descriptor);
    require(size_ == 0 || address_ != MAP_FAILED, "cannot map {}: {}", path.string(), std::strerror(errno));
  }
  ~MappedFile() {
    if (size_ > 0 && address_ != MAP_FAILED) ::munmap(address_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const char> bytes() const { return {static_cast<const char*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

struct StoredType {
  const char* name;
  at::ScalarType type;
};
constexpr StoredType kStoredTypes[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}};

at::ScalarType stored_type(const std::string& name) {
  for (const StoredType& stored : kStoredTypes)
    if (name == stored.name) return stored.type;
  fail("dtype {} is not supported (F64, F32, F16 and BF16 are)", name);
}

/// Product of the sizes times the element size; an Error instead of an overflow.
std::uint64_t byte_count(const std::vector<std::int64_t>& shape, at::ScalarType type) {
  std::uint64_t bytes = c10::elementSize(type);
  for (std::int64_t size : shape) {
    require(size >= 0, "a negative size in its shape");
    if (size > 0)
      require(bytes <= std::numeric_limits<std::uint64_t>::max() / 2 / static_cast<std::uint64_t>(size),
              "its shape is too large");
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

struct StoredTensor {
  std::string name;
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

StoredTensor parse_entry(const std::string& name, const nlohmann::json& entry, std::uint64_t data_size) {
  return with_context("tensor " + name, [&] {
    StoredTensor stored;
    stored.name = name;
    stored.type = stored_type(entry.at("dtype").get<std::string>());
    entry.at("shape").get_to(stored.shape);
    const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
    require(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data_size,
            "its data_offsets lie outside the file; the file is cut short or damaged");
    stored.begin = offsets[0];
    stored.end = offsets[1];
    require(stored.end - stored.begin == byte_count(stored.shape, stored.type),
            "its bytes do not fit its shape and dtype");
    return stored;
  });
}

/// Tensors must follow each other without gaps and overlaps, as the format demands.
void check_coverage(std::vector<StoredTensor>& tensors, std::uint64_t data_size) {
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t next = 0;
  for (const StoredTensor& stored : tensors) {
    require(stored.begin == next, "tensor {} overlaps another or leaves a gap", stored.name);
    next = stored.end;
  }
  require(next == data_size, "{} bytes at the end belong to no tensor", data_size - next);
}

NamedTensors parse_safetensors(std::span<const char> bytes) {
  require(bytes.size() >= 8, "the file is too short to be a safetensors file");
  std::uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  require(
      header_size <= kLongestHeader && header_size <= bytes.size() - 8,
      "its header length is {}, more than the file holds; this is no safetensors file, or it is cut short",
      header_size);
  const auto header = nlohmann::json::parse(bytes.data() + 8, bytes.data() + 8 + header_size);
  require(header.is_object(), "its header is no JSON object");
  const auto data = bytes.subspan(8 + header_size);
  std::vector<StoredTensor> stored;
  for (const auto& [name, entry] : header.items())
    if (name != "__metadata__") stored.push_back(parse_entry(name, entry, data.size()));
  check_coverage(stored, data.size());
  NamedTensors tensors;
  for (const StoredTensor& tensor : stored) {
    // Copied first: the data of a tensor need not be aligned in the file.
    std::vector<char> copy(data.begin() + static_cast<std::ptrdiff_t>(tensor.begin),
                           data.begin() + static_cast<std::ptrdiff_t>(tensor.end));
    tensors[tensor.name] =
        at::from_blob(copy.data(), tensor.shape, tensor.type).to(at::kFloat, false, /*copy=*/true);
  }
  return tensors;
}

}  // namespace

NamedTensors read_safetensors(const std::filesystem::path& path) {
  return with_context(path.string(), [&] {
    const MappedFile file(path);
    try {
      return parse_safetensors(file.bytes());
    } catch (const nlohmann::json::exception& error) {
      fail("its header is damaged: {}", error.what());
    }
  });
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t size = static_cast<std::uint64_t>(tensor.numel()) * sizeof(float);
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string content = header.dump();
  content.resize((content.size() + 7) / 8 * 8, ' ');
  const std::uint64_t header_size = content.size();
  content.insert(0, reinterpret_cast<const char*>(&header_size), 8);
  content.reserve(content.size() + offset);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor values = tensor.to(at::kFloat).contiguous();
    content.append(static_cast<const char*>(values.const_data_ptr()),
                   static_cast<std::size_t>(values.nbytes()));
  }
  write_file_atomically(path, content);
}

}  // namespace pagewright
