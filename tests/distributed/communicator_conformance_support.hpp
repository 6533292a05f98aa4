#pragma once
// What every backend of Communicator must do, checked against the definitions. One body for all backends and
// group sizes; all ranks call it together, with tensors on a device that the backend accepts.

#include "distributed/communicator.hpp"

namespace pagewright::test {

/// Every operation on sizes 0, 1, odd and larger, every type that the backend moves, even and uneven parts.
void check_collectives(Communicator& group, c10::Device device = c10::kCPU);
/// Messages between neighbours: order within a tag; where there are tags, taken in another order than sent.
void check_messages(Communicator& group, c10::Device device = c10::kCPU);
/// Several operations under way at once, waited for in reverse order; a Work that is dropped.
void check_overlap(Communicator& group, c10::Device device = c10::kCPU);
/// Wrong arguments are refused on every rank before anything is sent, in the same words.
void check_refusals(Communicator& group, c10::Device device = c10::kCPU);
/// Types by what the backend can do with them, as a table.
std::string support_table(const Communicator& group);

}  // namespace pagewright::test
