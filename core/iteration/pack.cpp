#include "core/iteration/pack.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/error.hpp"
#include "core/page/page_codec.hpp"

namespace pagewright {
namespace {

/// Appends one request's segments and targets to a PackedBatch.
class RequestPacker {
 public:
  RequestPacker(const LayoutVocabulary& vocabulary, const PackedRequest& request, bool with_last_token,
                PackedBatch& out)
      : vocabulary_(vocabulary),
        request_(request),
        with_last_token_(with_last_token),
        out_(out),
        prompt_row_(out.batch.rows()),
        prompt_segment_(static_cast<std::int32_t>(out.batch.segments.size())) {}

  void pack() {
    const Prompt& prompt = *request_.prompt;
    require(request_.masks.empty() || request_.masks.size() == request_.responses.size(),
            "pack: {} masks for {} responses", request_.masks.size(), request_.responses.size());
    require(request_.shared.empty() || request_.shared.size() == request_.responses.size(),
            "pack: {} shared prefixes for {} responses", request_.shared.size(), request_.responses.size());
    out_.batch.segments.push_back({prompt.tokens, 0, -1});
    for (const std::int32_t position : prompt.candidate_position)
      out_.targets.candidate_row.push_back(prompt_row_ + position);
    out_.targets.candidate_offsets.push_back(static_cast<std::int32_t>(out_.targets.candidate_row.size()));
    next_row_ = prompt_row_ + prompt.tokens.size();
    for (std::size_t sample = 0; sample < request_.responses.size(); ++sample) pack_response(sample);
  }

 private:
  void pack_response(std::size_t sample) {
    const std::span<const TokenId> response = request_.responses[sample];
    require(!response.empty(), "pack: response {} of a request is empty", sample);
    const std::size_t inputs = response.size() - (with_last_token_ ? 0 : 1);
    const SharedPrefix shared = prefix_of(sample, inputs);
    const auto first = static_cast<std::size_t>(shared.tokens);
    const auto length = static_cast<std::int32_t>(request_.prompt->tokens.size());
    out_.batch.segments.push_back(
        {response_input(vocabulary_, *request_.prompt, response.subspan(first, inputs - first)),
         length + shared.tokens, prompt_segment_,
         shared.tokens > 0 ? prompt_segment_ + 1 + shared.sample : -1, shared.tokens});
    const auto input_row = [&](std::size_t t) {
      return t < first ? first_row_[static_cast<std::size_t>(shared.sample)] + static_cast<std::int64_t>(t)
                       : next_row_ + static_cast<std::int64_t>(t - first);
    };
    for (std::size_t t = 0; t < response.size(); ++t) {
      out_.targets.row.push_back(t == 0 ? prompt_row_ + length - 1 : input_row(t - 1));
      out_.targets.target.push_back(response[t] - vocabulary_.layout_begin());
      out_.targets.prompt.push_back(static_cast<std::int32_t>(out_.targets.candidate_offsets.size()) - 2);
      out_.token_row.push_back(t < inputs ? input_row(t) : -1);
    }
    first_row_.push_back(next_row_);
    add_allowed(sample, response.size());
    out_.sample_offsets.push_back(static_cast<std::int32_t>(out_.targets.row.size()));
    next_row_ += static_cast<std::int64_t>(inputs - first);
  }

  /// What response `sample` shares, checked.
  SharedPrefix prefix_of(std::size_t sample, std::size_t inputs) const {
    if (request_.shared.empty() || request_.shared[sample].sample < 0 || request_.shared[sample].tokens == 0)
      return {};
    const SharedPrefix shared = request_.shared[sample];
    const auto other = static_cast<std::size_t>(shared.sample),
               tokens = static_cast<std::size_t>(shared.tokens);
    require(other < sample && request_.shared[other].sample < 0 && tokens <= inputs &&
                tokens <= request_.responses[other].size() &&
                std::ranges::equal(request_.responses[sample].first(tokens),
                                   request_.responses[other].first(tokens)),
            "pack: the first {} tokens of response {} are not those of response {}", tokens, sample, other);
    return shared;
  }

  void add_allowed(std::size_t sample, std::size_t length) {
    auto& allowed = out_.targets.allowed;
    auto& offsets = out_.targets.allowed_offsets;
    const PageGrammar::Masks* masks = request_.masks.empty() ? nullptr : request_.masks[sample];
    require(!masks || masks->offsets.size() == length + 1,
            "pack: a mask of {} steps for a response of {} tokens", masks ? masks->offsets.size() - 1 : 0,
            length);
    for (std::size_t t = 0; t < length; ++t) {
      if (masks) {
        allowed.insert(allowed.end(), masks->indices.begin() + masks->offsets[t],
                       masks->indices.begin() + masks->offsets[t + 1]);
      } else {
        const auto begin = allowed.size();
        allowed.resize(begin + static_cast<std::size_t>(vocabulary_.layout_size()));
        std::iota(allowed.begin() + static_cast<std::ptrdiff_t>(begin), allowed.end(), 0);
      }
      offsets.push_back(static_cast<std::int32_t>(allowed.size()));
    }
  }

  const LayoutVocabulary& vocabulary_;
  const PackedRequest& request_;
  bool with_last_token_;
  PackedBatch& out_;
  std::int64_t prompt_row_;
  std::int32_t prompt_segment_;
  std::int64_t next_row_ = 0;
  std::vector<std::int64_t> first_row_;  // [samples] of each response's own rows
};

}  // namespace

PackedBatch pack(const LayoutVocabulary& vocabulary, std::span<const PackedRequest> requests,
                 bool with_last_token) {
  PackedBatch packed;
  for (const PackedRequest& request : requests) {
    require(request.prompt != nullptr, "pack: a request has no prompt");
    RequestPacker(vocabulary, request, with_last_token, packed).pack();
  }
  return packed;
}

}  // namespace pagewright
