#pragma once
// The allowed-token set at every step of a page: a pure function of (request, prefix).

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/page/page_schema.hpp"
#include "core/page/prompt.hpp"
#include "core/page/vocabulary.hpp"

namespace pagewright {

class PageStructureCache;

/// Grammar of one request: schema, candidates and candidate order. Immutable, shared by all samples of the
/// request, safe to use from several threads. Construction throws Error with the reason when no valid page
/// exists for this request.
///
/// The allowed sets are exact: a token is allowed if and only if some page that page_violations() finds
/// nothing wrong with begins so (Note [Page completions] says how). Where caps on several attributes and
/// price bands bind at once, this needs a search; should it exceed ItemSelection::kMostSteps, an Error says
/// so rather than giving a wrong set.
class PageGrammar {
 public:
  PageGrammar(const PageSchema& schema, const LayoutVocabulary& vocabulary, const Request& request,
              CandidateOrder order);
  /// The same, taking what does not depend on the request from a cache made for the same schema.
  PageGrammar(const PageSchema& schema, const LayoutVocabulary& vocabulary, const Request& request,
              CandidateOrder order, PageStructureCache& structures);
  ~PageGrammar();
  PageGrammar(PageGrammar&&) noexcept;
  PageGrammar& operator=(PageGrammar&&) noexcept;

  /// State after a prefix of response tokens. Cheap to copy.
  class State;
  State start() const;

  /// Sorted layout indices (token id - layout_begin) allowed next: exactly those from which some valid page
  /// can still be completed. Empty after page_end.
  void allowed(const State& state, std::vector<std::int32_t>& layout_indices) const;
  /// Advances by one token; throws Error if the token is not allowed.
  void advance(State& state, TokenId token) const;
  /// Allowed sets of every step of a response, as one concatenation: indices[offsets[t] .. offsets[t+1]).
  /// Throws Error if a token of the response is not allowed.
  struct Masks {
    std::vector<std::int32_t> indices;
    std::vector<std::int32_t> offsets{0};
  };
  Masks masks(std::span<const TokenId> response) const;

 private:
  struct Rules;
  std::unique_ptr<const Rules> rules_;
};

/// Progress of one page under a PageGrammar (plain data, copyable).
class PageGrammar::State {
 public:
  bool finished() const { return finished_; }
  int slots() const { return static_cast<int>(placed_.size()); }

 private:
  friend class PageGrammar;
  bool placed(std::int32_t place) const {
    return (placed_set_[static_cast<std::size_t>(place) / 64] >> (place % 64) & 1) != 0;
  }

  std::vector<std::int32_t> placed_;       ///< candidate places j in page order
  std::vector<std::uint64_t> placed_set_;  ///< the same as bits
  std::int32_t node_ = 0;                  ///< of the PageStructure
  bool finished_ = false;
};

}  // namespace pagewright
