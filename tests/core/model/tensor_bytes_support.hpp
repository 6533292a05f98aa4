#pragma once
// How much memory tensors take.

#include <cstdint>
#include <functional>

namespace pagewright::model_test {

/// The most bytes that tensors on the CPU hold during `work` beyond what they hold before it. For one thread.
std::int64_t most_bytes_during(const std::function<void()>& work);

}  // namespace pagewright::model_test
