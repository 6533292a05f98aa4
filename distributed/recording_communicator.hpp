#pragma once
// A communicator that remembers what went through it, and can check that all ranks call the same.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/failure/flight_record.hpp"

namespace pagewright {

/// One operation as this rank called it.
struct CommunicationRecord {
  std::int64_t sequence = 0;  ///< number among all operations of the communicator, from 0
  std::string operation;      ///< "all_reduce sum"
  std::string type;           ///< of the elements
  std::int64_t count = 0;     ///< elements of the largest tensor
  std::int64_t bytes = 0;     ///< that this rank sends, by the formulas of Communicator
  std::string label;          ///< what the caller said it is for
  double seconds = -1;        ///< from the call to the end of wait(); below 0: not waited for yet
};

struct RecordingOptions {
  std::size_t remembered = 64;  ///< newest operations
  /// Before each collective all ranks compare what they are about to call: one more all_gather each, for
  /// finding out why a job hangs. Sends, receives, and the sizes of all_to_all are left out.
  bool verify = false;
  FlightRecord* flight = nullptr;  ///< told of every operation; must outlive the communicator's works
  FlightGroup group = FlightGroup::learners;
};

/// Bytes, operations and time of one kind since the start.
struct CommunicationTotal {
  std::int64_t operations = 0;
  std::int64_t bytes = 0;
  double seconds = 0;  ///< in wait()
};

/// Stands before another communicator, which must outlive it. When an operation fails, the newest records are
/// logged, and the Error names the operation, its sequence number and its label. With `verify`, Error names
/// the first rank that differs from rank 0 and what both called.
class RecordingCommunicator final : public Communicator {
 public:
  explicit RecordingCommunicator(Communicator& inner, RecordingOptions options = {});

  /// What the operations from now on are for: "gradients of step 12".
  void set_label(std::string label) { label_ = std::move(label); }
  std::vector<CommunicationRecord> recent() const;
  /// By operation.
  std::map<std::string, CommunicationTotal> totals() const;
  /// The newest records as a table.
  std::string recent_text() const;

  std::string backend() const override { return inner_.backend(); }
  int rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  bool moves(at::ScalarType type) const override { return inner_.moves(type); }
  bool reduces(at::ScalarType type) const override { return inner_.reduces(type); }
  bool accepts(c10::Device device) const override { return inner_.accepts(device); }
  c10::Device device() const override { return inner_.device(); }
  int highest_tag() const override { return inner_.highest_tag(); }

  /// The records, shared with the Work objects, which write their times. Not for callers.
  struct Log;

 private:
  std::unique_ptr<Work> start_broadcast(at::Tensor tensor, int root) override;
  std::unique_ptr<Work> start_all_reduce(at::Tensor tensor, ReduceOp op) override;
  std::unique_ptr<Work> start_reduce_scatter(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                         FullParts received) override;
  std::unique_ptr<Work> start_gather(at::Tensor output, at::Tensor input, int root, FullParts parts) override;
  std::unique_ptr<Work> start_scatter(at::Tensor output, at::Tensor input, int root,
                                      FullParts parts) override;
  void run_barrier() override;
  std::unique_ptr<Work> start_send(at::Tensor tensor, int to, int tag) override;
  std::unique_ptr<Work> start_receive(at::Tensor tensor, int from, int tag) override;

  /// What is about to be called. `detail` is what must agree besides operation, type and count.
  struct Call {
    std::string operation;
    at::ScalarType type = at::kByte;
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    std::string detail;
    bool collective = true;
    bool same_count = true;  ///< all ranks must give the same count
  };
  template <class Start>
  std::unique_ptr<Work> record(const Call& call, Start&& start);
  void verify(const Call& call, std::int64_t sequence);

  Communicator& inner_;
  RecordingOptions options_;
  std::string label_;
  std::shared_ptr<Log> log_;
};

}  // namespace pagewright
