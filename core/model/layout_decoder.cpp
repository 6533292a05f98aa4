#include "core/model/layout_decoder.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/model/device/device_layout_decoder.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kv_cache.hpp"
#include "core/model/layout_scorer.hpp"
#include "core/model/row_functions.hpp"

namespace pagewright {
namespace {

/// On own kernels.
template <class T>
class HostLayoutDecoder final : public LayoutDecoder {
 public:
  HostLayoutDecoder(const WeightsView& weights, std::span<const DecodePrompt> prompts,
                    std::span<const TokenBags* const> tokens, std::span<const std::int32_t> stream_prompt,
                    std::int64_t max_steps, std::int64_t columns)
      : dim_(static_cast<std::size_t>(weights.config().dim)),
        columns_(columns),
        session_(weights, tokens, stream_prompt, max_steps),
        scorer_(weights, candidates(prompts), columns) {
    const T* all = session_.prompt_hidden().template const_data_ptr<T>();
    hidden_.resize(prompts.size() * dim_);
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      const std::int64_t row = session_.prompt_row(static_cast<std::int64_t>(p), tokens[p]->size() - 1);
      std::copy_n(all + row * static_cast<std::int64_t>(dim_), dim_, row_of(p));
    }
  }

  void step(std::span<const std::int32_t> streams, const TokenBags& tokens) override {
    hidden_.resize(streams.size() * dim_);
    session_.step(streams, tokens, hidden_.data());
  }

  void score(std::span<const std::int32_t> rows, std::span<const std::int32_t> prompts,
             float* logits) override {
    scored_.resize(rows.size() * dim_);
    gather(rows, scored_.data());
    if constexpr (std::is_same_v<T, float>) {
      scorer_.score(prompts, scored_.data(), logits);
    } else {
      wide_.resize(rows.size() * static_cast<std::size_t>(columns_));
      scorer_.score(prompts, scored_.data(), wide_.data());
      std::ranges::transform(wide_, logits, [](T value) { return static_cast<float>(value); });
    }
  }

  at::Tensor hidden(std::span<const std::int32_t> rows) const override {
    at::Tensor copy = at::empty({std::ssize(rows), static_cast<std::int64_t>(dim_)},
                                at::dtype(c10::CppTypeToScalarType<T>::value));
    gather(rows, copy.mutable_data_ptr<T>());
    return copy;
  }

 private:
  typename std::vector<T>::iterator row_of(std::size_t row) {
    return hidden_.begin() + static_cast<std::ptrdiff_t>(row * dim_);
  }
  void gather(std::span<const std::int32_t> rows, T* out) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(hidden_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows[i]) * dim_),
                  dim_, out + i * dim_);
  }
  std::vector<at::Tensor> candidates(std::span<const DecodePrompt> prompts) const {
    std::vector<at::Tensor> hidden;
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      std::vector<std::int64_t> rows;
      for (const std::int32_t position : prompts[p].candidate_position)
        rows.push_back(session_.prompt_row(static_cast<std::int64_t>(p), position));
      hidden.push_back(gather_rows(session_.prompt_hidden(), rows));
    }
    return hidden;
  }

  std::size_t dim_;
  std::int64_t columns_;
  DecodeSession<T> session_;
  LayoutScorer<T> scorer_;
  std::vector<T> hidden_, scored_, wide_;
};

}  // namespace

std::unique_ptr<LayoutDecoder> make_layout_decoder(const WeightsView& weights,
                                                   std::span<const DecodePrompt> prompts,
                                                   std::span<const std::int32_t> stream_prompt,
                                                   std::int64_t max_steps, std::int64_t columns) {
  std::vector<const TokenBags*> tokens;
  for (const DecodePrompt& prompt : prompts) tokens.push_back(prompt.tokens);
  const at::Tensor& embedding = weights.at("model.embed_tokens.weight");
  if (takes_operators(embedding))
    return std::make_unique<DeviceLayoutDecoder>(weights, prompts, tokens, stream_prompt, max_steps, columns);
  if (embedding.scalar_type() == at::kDouble)
    return std::make_unique<HostLayoutDecoder<double>>(weights, prompts, tokens, stream_prompt, max_steps,
                                                       columns);
  return std::make_unique<HostLayoutDecoder<float>>(weights, prompts, tokens, stream_prompt, max_steps,
                                                    columns);
}

}  // namespace pagewright
