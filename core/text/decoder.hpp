#pragma once
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// The `decoder` of a tokenizer.json: tokens back to text. Immutable, cheap to copy; threads may use it at
/// once.
class Decoder {
 public:
  Decoder() = default;  ///< joins tokens by spaces
  /// Throws Error for a component that is not supported; `path` is the place of the value in the file.
  static Decoder from(const nlohmann::json& value, const std::string& path);

  std::string decode(std::vector<std::string> tokens) const;

  struct Step {
    virtual ~Step() = default;
    virtual void apply(std::vector<std::string>& tokens) const = 0;
  };

 private:
  void add(const nlohmann::json& value, const std::string& path, int depth);

  std::vector<std::shared_ptr<const Step>> steps_;
  bool is_given_ = false;
};

}  // namespace pagewright
