#pragma once
// Precompiled for every library: the headers most files include anyhow. A file still includes what it uses,
// since PAGEWRIGHT_PCH=OFF must build too.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>
