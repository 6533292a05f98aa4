#pragma once
// Pairs in a file: to look at them, to edit them, to bring one's own (docs/rewards.md).

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// First line of a file of pairs, {"format": "pagewright-pairs", "version": 1, ...}.
struct PairFileHead {
  std::string log;       ///< folder, for people
  std::string log_hash;  ///< of core/data/log_hash.hpp
  std::map<std::string, std::string>
      configuration;  ///< keys and values that the pairs were made with, for people
};

/// Writes JSON Lines: the head, then a pair a line. Pages are written by section type and item id. Replaces
/// the file or leaves it as it was.
void write_pairs(const std::filesystem::path& path, const PairFileHead& head, const PageSchema& schema,
                 const FeedbackLog& log, const std::map<Split, PairSet>& pairs);

/// The pairs of these splits, line by line, those of others not looked at; plain or packed (.gz, .xz, .zst).
/// Error that begins with file and line: another format, a newer version, another log, a request that is not
/// in the log or not of the split, an unknown family, a page that is not of the request's candidates or
/// breaks the schema, two equal pages, a weight that is not above 0.
std::map<Split, PairSet> read_pairs(const std::filesystem::path& path, const PageSchema& schema,
                                    const FeedbackLog& log, const std::vector<Split>& splits);

}  // namespace pagewright
