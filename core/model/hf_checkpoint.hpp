#pragma once
// A language model as Hugging Face stores it: a folder with config.json, weights and, maybe,
// generation_config.json.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/model/weight_files.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Whether a parameter has a row for each token: the embedding and the LM head.
bool is_vocabulary_matrix(std::string_view parameter);
/// Text of a folder's generation_config.json; empty if there is none. Throws Error that names the file if it
/// is no JSON object.
std::string generation_config_in(const std::filesystem::path& folder);

/// A downloaded folder, checked; its weights stay on the disk until they are read, tensor by tensor or in
/// slices, so that loading takes the memory of the model and a mebibyte. Reading is thread-safe.
class HfCheckpoint {
 public:
  /// Reads config.json and the headers of the weights, and compares names and shapes with the parameters that
  /// the config implies. Buffers of rotary frequencies are passed over, as is the `lm_head.weight` of a tied
  /// model. Throws Error that names the folder or file: not a checkpoint, a model that is not supported, and
  /// every tensor that is missing, unknown or of another shape.
  explicit HfCheckpoint(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  /// Backbone and LM head, with layout_head `tokens` and no layout tokens.
  const ModelConfig& config() const { return config_; }
  /// Text of generation_config.json; empty if there is none.
  const std::string& generation_config() const { return generation_config_; }

  /// Whether it has values for a parameter: heads of ours (`pointer_head.`, `value_head.`, ...) it has not.
  /// The LM head of a tied checkpoint is its embedding.
  bool has(std::string_view parameter) const;
  /// Fills `values` (contiguous, of any dtype and device) with a parameter. The embedding and the LM head may
  /// have more or fewer rows than the checkpoint (a vocabulary that layout tokens are appended to): rows that
  /// both have are filled, the others left as they are. Returns the rows filled (for vectors: elements).
  /// Values that are NaN or infinite are filled in with a warning that names the tensor. Throws Error for
  /// another shape or name.
  std::int64_t read(std::string_view parameter, const at::Tensor& values) const;
  /// The same for elements [begin, begin + values.numel()) in row-major order of a parameter of that `shape`,
  /// reading these elements' bytes alone. Returns how many elements are filled, from the first.
  std::int64_t read_slice(std::string_view parameter, at::IntArrayRef shape, std::int64_t begin,
                          const at::Tensor& values) const;

 private:
  std::string_view tensor_name(std::string_view parameter) const;

  std::filesystem::path folder_;
  ModelConfig config_;
  std::string generation_config_;
  WeightFiles files_;
};

/// How write_hf_checkpoint writes.
struct HfWriteOptions {
  WeightFilesOptions weights;
  std::string generation_config;  ///< text of generation_config.json; empty: none is written
};

/// Writes config.json, generation_config.json and the weights named `model.` and `lm_head.` into a folder
/// that exists and holds none, so that `transformers` loads it; heads of ours are left to the caller.
void write_hf_checkpoint(const std::filesystem::path& folder, const WeightsView& weights,
                         const HfWriteOptions& options);

}  // namespace pagewright
