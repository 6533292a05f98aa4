#pragma once
// Requests of a world: who comes, with which history, and which candidates were retrieved.

#include <cstdint>

#include "core/page/request.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

/// Request `index` in [0, world.requests()): a pure function of the world and the index. Requests of one user
/// are neighbours. The order of the candidates says nothing.
Request make_request(const World& world, std::int64_t index);

/// Number of the user who makes request `index`.
std::int64_t user_of_request(const World& world, std::int64_t index);

}  // namespace pagewright
