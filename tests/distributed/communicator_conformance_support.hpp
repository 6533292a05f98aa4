#pragma once
// What every backend of Communicator must do, checked against the definitions. One body for all backends and
// group sizes; all ranks call it together.

#include "distributed/communicator.hpp"

namespace pagewright::test {

/// Every operation on sizes 0, 1, odd and larger, every type that the backend moves, even and uneven parts.
void check_collectives(Communicator& group);
/// Messages between neighbours: order within a tag, tags in another order than they were sent.
void check_messages(Communicator& group);
/// Several operations under way at once, waited for in reverse order; a Work that is dropped.
void check_overlap(Communicator& group);
/// Wrong arguments are refused on every rank before anything is sent, in the same words.
void check_refusals(Communicator& group);
/// Types by what the backend can do with them, as a table.
std::string support_table(const Communicator& group);

}  // namespace pagewright::test
