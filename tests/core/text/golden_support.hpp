#pragma once
#include <filesystem>

#include "core/text/tokenizer.hpp"

namespace pagewright {

/// Checks ids and decoded texts of a file of golden cases.
void check_golden(const Tokenizer& tokenizer, const std::filesystem::path& golden);

}  // namespace pagewright
