#include "tests/core/model/tensor_bytes_support.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

namespace pagewright::model_test {
namespace {

/// Bytes that tensors on the CPU hold, now and at most.
struct TensorBytes {
  std::int64_t now = 0, most = 0;
};
TensorBytes counted_bytes;

/// The allocator of CPU tensors, for one thread, with every block's size before it.
class CountingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    auto* block = static_cast<std::byte*>(
        std::aligned_alloc(kHeader, kHeader + (bytes + kHeader - 1) / kHeader * kHeader));
    *reinterpret_cast<std::size_t*>(block) = bytes;
    counted_bytes.now += static_cast<std::int64_t>(bytes);
    counted_bytes.most = std::max(counted_bytes.most, counted_bytes.now);
    return {block + kHeader, block + kHeader, &free_block, c10::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_block; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

 private:
  static constexpr std::size_t kHeader = 64;
  static void free_block(void* data) {
    std::byte* block = static_cast<std::byte*>(data) - kHeader;
    counted_bytes.now -= static_cast<std::int64_t>(*reinterpret_cast<std::size_t*>(block));
    std::free(block);
  }
};

}  // namespace

std::int64_t most_bytes_during(const std::function<void()>& work) {
  static CountingAllocator counting;
  c10::Allocator* usual = c10::GetCPUAllocator();
  c10::SetCPUAllocator(&counting, 100);
  counted_bytes = {};
  work();
  c10::SetCPUAllocator(usual, 100);
  return counted_bytes.most;
}

}  // namespace pagewright::model_test
