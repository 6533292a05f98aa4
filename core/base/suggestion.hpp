#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pagewright {

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal
/// string alignment distance), by bytes.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The known name that a misspelt one is closest to; empty if none is close (more than a third of it
/// differs). Capitals and '-' for '_' do not count as differences.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "; did you mean 'NAME'?", or nothing if no known name is close: to be put at the end of a message.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace pagewright
