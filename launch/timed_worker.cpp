#include "launch/timed_worker.hpp"

#include <array>

namespace pagewright {

WorkerBorder::WorkerBorder(Workbench& bench, Role role, const char* part)
    : bench_(bench),
      share_(static_cast<double>(bench.topology().lanes_of(role, bench.world().rank()).size() *
                                 bench.topology().ranks_of(role).size()) /
             bench.topology().lanes()),
      meeting_(*bench.fellow_workers(), {part}, [&bench, role](int rank) {
        return bench.name_of(bench.topology().ranks_of(role).at(static_cast<std::size_t>(rank)));
      }) {}

void WorkerBorder::pass(std::int64_t iteration) {
  if (worked_) meeting_.meet(iteration - 1, std::array{timer_.take() / share_});
  worked_ = true;
  bench_.set_iteration(iteration);
}

}  // namespace pagewright
