#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// Ids that are put around a single sequence.
struct PromptFrame {
  std::vector<std::int32_t> before, after;
};

/// What the `post_processor` of a tokenizer.json puts around a single sequence. Throws Error for a component
/// that is not supported; `path` is the place of the value in the file.
PromptFrame read_post_processor(const nlohmann::json& value, const std::string& path);

}  // namespace pagewright
