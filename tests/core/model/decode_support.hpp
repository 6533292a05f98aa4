#pragma once
// Decoding the responses of a batch with whatever session.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include "core/base/rng.hpp"
#include "core/iteration/batch.hpp"

namespace pagewright::model_test {

/// The prompts of a batch and the responses to them.
struct BatchStreams {
  std::vector<const TokenBags*> prompts, responses;
  std::vector<std::int32_t> stream_prompt;            ///< [responses]
  std::vector<std::int64_t> prompt_begin, first_row;  ///< [prompts], [responses] rows of the batch
  std::int64_t rows = 0;

  explicit BatchStreams(const Batch& batch) {
    for (const Segment& segment : batch.segments) {
      if (segment.parent < 0) {
        prompts.push_back(&segment.tokens);
        prompt_begin.push_back(rows);
      } else {
        stream_prompt.push_back(static_cast<std::int32_t>(prompts.size()) - 1);
        responses.push_back(&segment.tokens);
        first_row.push_back(rows);
      }
      rows += segment.tokens.size();
    }
  }
};

/// Hidden states of all rows in the order of the batch: the prompts' are the session's own, the responses are
/// decoded a few streams at a time in random order. `step(session, open, tokens)` gives [open, dim].
template <class Session, class Step>
at::Tensor decoded_in_turns(const BatchStreams& streams, Session& session, std::uint64_t seed,
                            std::size_t at_once, const Step& step) {
  const at::Tensor& prompt_hidden = session.prompt_hidden();
  at::Tensor out = at::zeros({streams.rows, prompt_hidden.size(1)}, prompt_hidden.options());
  for (std::size_t p = 0; p < streams.prompts.size(); ++p) {
    const int size = streams.prompts[p]->size();
    out.narrow(0, streams.prompt_begin[p], size)
        .copy_(prompt_hidden.narrow(0, session.prompt_row(static_cast<int>(p), 0), size));
  }
  CounterRandom random(seed, RandomStream::shuffle);
  std::vector<int> done(streams.responses.size(), 0);
  while (true) {
    std::vector<std::int32_t> open;
    for (std::size_t s = 0; s < done.size(); ++s)
      if (done[s] < streams.responses[s]->size()) open.push_back(static_cast<std::int32_t>(s));
    if (open.empty()) return out;
    random.shuffle(std::span(open));
    open.resize(std::min(open.size(), at_once));
    TokenBags tokens;
    for (const std::int32_t s : open)
      tokens.push(streams.responses[static_cast<std::size_t>(s)]->at(done[static_cast<std::size_t>(s)]));
    const at::Tensor hidden = step(session, open, tokens);
    for (std::size_t i = 0; i < open.size(); ++i) {
      const auto s = static_cast<std::size_t>(open[i]);
      out[streams.first_row[s] + done[s]++].copy_(hidden[static_cast<std::int64_t>(i)]);
    }
  }
}

}  // namespace pagewright::model_test
