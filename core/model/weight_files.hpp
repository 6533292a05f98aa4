#pragma once
// The weights of a Hugging Face folder: model.safetensors, or several files with
// model.safetensors.index.json.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/safetensors.hpp"

namespace pagewright {

/// All files of a folder, mapped; tensors are read when they are asked for. Reading is thread-safe.
class WeightFiles {
 public:
  /// Throws Error that names the folder, file and tensor: no weights, weights of another format, a file of
  /// the index that is missing or outside the folder, a tensor in two files, a tensor of the index that its
  /// file lacks or of a file that the index lacks, and what SafetensorsFile refuses. Reads headers alone.
  explicit WeightFiles(const std::filesystem::path& folder);

  struct Place {
    const SafetensorsFile* file = nullptr;
    const StoredTensor* stored = nullptr;
  };
  const std::map<std::string, Place, std::less<>>& tensors() const { return tensors_; }
  /// Null members for a name that is not there.
  Place find(std::string_view name) const;

 private:
  void open_index(const std::filesystem::path& folder, const std::filesystem::path& index);
  void add(const SafetensorsFile& file);

  std::vector<SafetensorsFile> files_;
  std::map<std::string, Place, std::less<>> tensors_;
};

struct WeightFilesOptions {
  at::ScalarType dtype = at::kFloat;  ///< kFloat, kBFloat16 or kHalf
  std::int64_t largest_file =
      5'000'000'000;  ///< bytes of tensors in a file; a larger tensor has one of its own
};

/// Writes tensors in name order as model.safetensors, or as model-00001-of-0000N.safetensors and an index if
/// they are more than one file holds. Every file appears whole or not at all, the index last. Throws Error if
/// the folder holds weights already; for all or nothing write into AtomicFolder::path().
void write_weight_files(const std::filesystem::path& folder, const NamedTensors& tensors,
                        const WeightFilesOptions& options);

}  // namespace pagewright
