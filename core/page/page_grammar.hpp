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

/// Grammar of one request: schema, candidates and candidate order. Immutable, shared by all samples of the
/// request. Construction throws Error with the reason when no valid page exists for this request.
class PageGrammar {
 public:
  PageGrammar(const PageSchema& schema, const LayoutVocabulary& vocabulary, const Request& request,
              CandidateOrder order);
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
  std::vector<std::int32_t> placed_;    ///< candidate places j in page order
  std::vector<std::int32_t> sections_;  ///< types of the sections opened so far
  int slots_in_section_ = 0;
  bool in_section_ = false;
  bool finished_ = false;
};

}  // namespace pagewright
