#pragma once
#include <string>
#include <string_view>

namespace pagewright {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// Valid UTF-8 in a normal form of Unicode 9, the one of Python's `tokenizers`: characters that are newer are
/// neither decomposed nor reordered, and no newer one is composed.
std::string normalise(std::string_view text, NormalForm form);

/// Lower case, character by character (no context), as Unicode's default mapping says.
std::string lower_case(std::string_view text);

}  // namespace pagewright
