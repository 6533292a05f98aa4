#pragma once
// Which rank is slow, while all are alive.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pagewright {

/// When a rank counts as a straggler. The defaults let a single hiccup, the first iteration and differences
/// too small to matter pass.
struct StragglerRules {
  double factor = 1.5;          ///< of the median of the others
  int iterations = 5;           ///< in a row that it was slow
  double least_seconds = 0.01;  ///< that it needs more than the median, an iteration
};

/// A rank that takes longer than the others.
struct Straggler {
  int rank = 0;
  std::int64_t since = 0;     ///< iteration in which it began to be slow
  double factor = 1;          ///< its time to that of the others
  std::string part;           ///< of the work, in which it loses most
  double seconds = 0;         ///< it needs for the part, mean of its slow iterations
  double others_seconds = 0;  ///< the median of the others needs for it
  bool operator==(const Straggler&) const = default;
};

/// Compares how long ranks with equal work took for their own work, waiting for others left out. Every rank
/// that is given the same figures says the same.
class StragglerWatch {
 public:
  /// `parts` of the work, in the order in which their seconds are given.
  StragglerWatch(int ranks, std::vector<std::string> parts, StragglerRules rules = {});

  /// `seconds` of the iteration, [ranks x parts], of one rank after another. Returns the ranks that have just
  /// become stragglers: each is named once, and again only after it was as fast as the others for
  /// `rules.iterations` in a row.
  std::vector<Straggler> observe(std::int64_t iteration, std::span<const double> seconds);

 private:
  struct Track {
    int slow = 0;  ///< iterations in a row
    int calm = 0;  ///< iterations in a row
    bool named = false;
    std::int64_t since = 0;
    std::vector<double> own, others;  ///< seconds of its slow iterations, by part
  };
  Straggler describe(int rank, const Track& track) const;

  std::vector<std::string> parts_;
  StragglerRules rules_;
  std::vector<Track> tracks_;  ///< by rank
  bool warm_ = false;          ///< the first iteration is over
};

/// "rank 3 on node2 takes 2.1 times as long as the others since iteration 12: learn 240 ms against 112 ms".
std::string straggler_text(const std::string& name, const Straggler& straggler);

}  // namespace pagewright
