#pragma once
#include <optional>
#include <string_view>

#include "core/data/feedback_log.hpp"

namespace pagewright {

/// By UBI's names of actions: impression, view, click, add_to_cart, purchase; and, which UBI leaves free,
/// dismiss or hide, and return. Others give nothing.
std::optional<EventKind> event_kind_of_action(std::string_view action);

}  // namespace pagewright
