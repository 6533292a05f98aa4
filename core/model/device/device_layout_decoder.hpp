#pragma once
// LayoutDecoder in ATen's operators.

#include <cstdint>
#include <span>

#include "core/model/device/device_decode.hpp"
#include "core/model/layout_decoder.hpp"

namespace pagewright {

/// The calling thread waits for the device once a step, in score().
class DeviceLayoutDecoder final : public LayoutDecoder {
 public:
  DeviceLayoutDecoder(const WeightsView& weights, std::span<const DecodePrompt> prompts,
                      std::span<const TokenBags* const> tokens, std::span<const std::int32_t> stream_prompt,
                      std::int64_t max_steps, std::int64_t columns);

  void step(std::span<const std::int32_t> streams, const TokenBags& tokens) override;
  at::Tensor hidden(std::span<const std::int32_t> rows) const override;
  void score(std::span<const std::int32_t> rows, std::span<const std::int32_t> prompts,
             float* logits) override;

 private:
  void keep_candidates(const WeightsView& weights, std::span<const DecodePrompt> prompts);

  DeviceDecodeSession session_;
  std::int64_t structure_size_;
  at::Tensor hidden_;        // [rows, dim] that can be scored
  at::Tensor layout_rows_;   // [columns, dim]
  at::Tensor query_weight_;  // [dim, dim]; undefined without a pointer head
  at::Tensor keys_;          // [prompts, most, dim] of the candidates, zero where a prompt has fewer
};

}  // namespace pagewright
