#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// The `normalizer` of a tokenizer.json. Immutable, cheap to copy; threads may use it at once.
class Normalizer {
 public:
  Normalizer() = default;  ///< changes nothing
  /// Throws Error for a component that is not supported; `path` is the place of the value in the file.
  static Normalizer from(const nlohmann::json& value, const std::string& path);

  bool is_identity() const { return steps_.empty(); }
  /// `at_start` becomes false if the first character of the text is removed.
  std::string apply(std::string_view text, bool& at_start) const;

  struct Step {
    virtual ~Step() = default;
    virtual std::string apply(std::string_view text, bool& at_start) const = 0;
  };

 private:
  void add(const nlohmann::json& value, const std::string& path, int depth);

  std::vector<std::shared_ptr<const Step>> steps_;
};

}  // namespace pagewright
