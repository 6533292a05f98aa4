#include "distributed/recording_communicator.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <utility>

#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/table.hpp"

namespace pagewright {

struct RecordingCommunicator::Log {
  mutable std::mutex mutex;
  std::deque<CommunicationRecord> records;
  std::map<std::string, CommunicationTotal> totals;
  std::int64_t next = 0;
  std::size_t remembered = 0;

  std::int64_t add(CommunicationRecord record) {
    const std::lock_guard lock(mutex);
    record.sequence = next++;
    CommunicationTotal& total = totals[record.operation];
    total.operations += 1;
    total.bytes += record.bytes;
    records.push_back(std::move(record));
    if (records.size() > remembered) records.pop_front();
    return next - 1;
  }
  void finish(std::int64_t sequence, double seconds) {
    const std::lock_guard lock(mutex);
    for (CommunicationRecord& record : records)
      if (record.sequence == sequence) record.seconds = seconds;
  }
  void waited(const std::string& operation, double seconds) {
    const std::lock_guard lock(mutex);
    totals[operation].seconds += seconds;
  }
  std::string text() const {
    const std::lock_guard lock(mutex);
    Table table({"operation", "call", "type", "elements", "bytes sent", "for", "ms"});
    for (const CommunicationRecord& record : records)
      table.add_row({fmt::format("{}", record.sequence), record.operation, record.type,
                     fmt::format("{}", record.count), fmt::format("{}", record.bytes), record.label,
                     record.seconds < 0 ? "under way" : fmt::format("{:.2f}", 1e3 * record.seconds)});
    return table.to_string();
  }
};

namespace {

using RecordingClock = std::chrono::steady_clock;

double seconds_since(RecordingClock::time_point start) {
  return std::chrono::duration<double>(RecordingClock::now() - start).count();
}

std::string operation_name(std::int64_t sequence, const std::string& operation, const std::string& label) {
  return fmt::format("operation {}, {}{}", sequence, operation, label.empty() ? "" : " for " + label);
}

/// Logs the newest operations, and throws Error with what was called.
[[noreturn]] void fail_operation(const RecordingCommunicator::Log& log, const std::string& what,
                                 const Error& error) {
  log_error("the newest operations of this rank:\n{}", log.text());
  fail("{}: {}", what, error.what());
}

/// Passes on to the real work and writes its time down.
class RecordedWork final : public Work {
 public:
  RecordedWork(std::unique_ptr<Work> work, std::shared_ptr<RecordingCommunicator::Log> log,
               std::int64_t sequence, std::string operation, std::string what,
               RecordingClock::time_point start, const RecordingOptions& options)
      : work_(std::move(work)),
        log_(std::move(log)),
        sequence_(sequence),
        operation_(std::move(operation)),
        what_(std::move(what)),
        start_(start),
        flight_(options.flight),
        group_(options.group) {}

  bool done() override {
    const bool result = work_->done();
    if (result) finish();
    return result;
  }
  void wait() override {
    if (flight_) flight_->waiting(group_);
    const auto begin = RecordingClock::now();
    try {
      work_->wait();
    } catch (const Error& error) {
      fail_operation(*log_, what_, error);
    }
    if (flight_) flight_->finished_waiting(group_);
    log_->waited(operation_, seconds_since(begin));
    finish();
  }

 private:
  void finish() {
    if (!std::exchange(finished_, true)) log_->finish(sequence_, seconds_since(start_));
  }

  std::unique_ptr<Work> work_;
  std::shared_ptr<RecordingCommunicator::Log> log_;
  std::int64_t sequence_;
  std::string operation_;
  std::string what_;
  RecordingClock::time_point start_;
  FlightRecord* flight_;
  FlightGroup group_;
  bool finished_ = false;
};

std::int64_t bytes_of(const at::Tensor& tensor) {
  return static_cast<std::int64_t>(tensor.nbytes());
}

/// Bytes of all parts but this rank's.
std::int64_t bytes_of_others(const std::vector<std::int64_t>& parts, int rank, const at::Tensor& tensor) {
  const std::int64_t all = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  return (all - parts[static_cast<std::size_t>(rank)]) * static_cast<std::int64_t>(tensor.element_size());
}

constexpr std::int64_t kDescriptionBytes = 192;  ///< of what a rank is about to call, when ranks compare

std::string parts_text(const std::vector<std::int64_t>& parts) {
  const std::string text = fmt::format("parts {}", fmt::join(parts, " "));
  return text.size() <= 80 ? text : text.substr(0, 80) + "...";
}

}  // namespace

RecordingCommunicator::RecordingCommunicator(Communicator& inner, RecordingOptions options)
    : inner_(inner), options_(options), log_(std::make_shared<Log>()) {
  log_->remembered = std::max<std::size_t>(1, options_.remembered);
}

std::vector<CommunicationRecord> RecordingCommunicator::recent() const {
  const std::lock_guard lock(log_->mutex);
  return {log_->records.begin(), log_->records.end()};
}

std::map<std::string, CommunicationTotal> RecordingCommunicator::totals() const {
  const std::lock_guard lock(log_->mutex);
  return log_->totals;
}

std::string RecordingCommunicator::recent_text() const {
  return log_->text();
}

void RecordingCommunicator::verify(const Call& call, std::int64_t sequence) {
  const std::string own =
      fmt::format("{}{} {} {}", call.operation, call.same_count ? fmt::format(" of {}", call.count) : " of",
                  c10::toString(call.type), call.detail)
          .substr(0, kDescriptionBytes - 1);
  const at::Tensor mine = at::zeros({kDescriptionBytes}, at::kByte);
  std::memcpy(mine.mutable_data_ptr(), own.data(), own.size());
  const at::Tensor gathered =
      at::zeros({kDescriptionBytes * size()}, at::TensorOptions(device()).dtype(at::kByte));
  inner_.all_gather(gathered, mine.to(device()))->wait();
  const at::Tensor all = gathered.cpu();
  const auto* text = static_cast<const char*>(all.const_data_ptr());
  const std::string first = text;
  for (int other = 1; other < size(); ++other) {
    const std::string theirs = text + other * kDescriptionBytes;
    if (theirs == first) continue;
    log_error("the newest operations of this rank:\n{}", log_->text());
    fail("operation {}: rank {} calls {}, rank 0 calls {}; all ranks must call the same in the same order",
         sequence, other, theirs, first);
  }
}

template <class Start>
std::unique_ptr<Work> RecordingCommunicator::record(const Call& call, Start&& start) {
  const auto begin = RecordingClock::now();
  const std::int64_t sequence =
      log_->add({0, call.operation, c10::toString(call.type), call.count, call.bytes, label_, -1});
  if (options_.flight) options_.flight->started(options_.group, sequence, call.operation);
  if (options_.verify && call.collective) verify(call, sequence);
  const std::string what = operation_name(sequence, call.operation, label_);
  try {
    return std::make_unique<RecordedWork>(start(), log_, sequence, call.operation, what, begin, options_);
  } catch (const Error& error) {
    fail_operation(*log_, what, error);
  }
}

std::unique_ptr<Work> RecordingCommunicator::start_broadcast(at::Tensor tensor, int root) {
  return record({"broadcast", tensor.scalar_type(), tensor.numel(), rank() == root ? bytes_of(tensor) : 0,
                 fmt::format("from {}", root)},
                [&] { return inner_.broadcast(tensor, root); });
}

std::unique_ptr<Work> RecordingCommunicator::start_all_reduce(at::Tensor tensor, ReduceOp op) {
  return record({fmt::format("all_reduce {}", reduce_op_name(op)), tensor.scalar_type(), tensor.numel(),
                 2 * bytes_of(tensor) * (size() - 1) / size(), ""},
                [&] { return inner_.all_reduce(tensor, op); });
}

std::unique_ptr<Work> RecordingCommunicator::start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                                  FullParts parts) {
  return record({"reduce_scatter", input.scalar_type(), input.numel(), bytes_of_others(parts, rank(), input),
                 parts_text(parts)},
                [&] { return inner_.reduce_scatter(output, input, parts); });
}

std::unique_ptr<Work> RecordingCommunicator::start_all_gather(at::Tensor output, at::Tensor input,
                                                              FullParts parts) {
  return record(
      {"all_gather", output.scalar_type(), output.numel(), bytes_of(input) * (size() - 1), parts_text(parts)},
      [&] { return inner_.all_gather(output, input, parts); });
}

std::unique_ptr<Work> RecordingCommunicator::start_all_to_all(at::Tensor output, at::Tensor input,
                                                              FullParts sent, FullParts received) {
  return record({"all_to_all", input.scalar_type(), input.numel(), bytes_of_others(sent, rank(), input), "",
                 /*collective=*/true, /*same_count=*/false},
                [&] { return inner_.all_to_all(output, input, sent, received); });
}

std::unique_ptr<Work> RecordingCommunicator::start_gather(at::Tensor output, at::Tensor input, int root,
                                                          FullParts parts) {
  return record({"gather", input.scalar_type(), std::accumulate(parts.begin(), parts.end(), std::int64_t{0}),
                 rank() == root ? 0 : bytes_of(input), fmt::format("to {}, {}", root, parts_text(parts))},
                [&] { return inner_.gather(output, input, root, parts); });
}

std::unique_ptr<Work> RecordingCommunicator::start_scatter(at::Tensor output, at::Tensor input, int root,
                                                           FullParts parts) {
  return record(
      {"scatter", output.scalar_type(), std::accumulate(parts.begin(), parts.end(), std::int64_t{0}),
       rank() == root ? bytes_of_others(parts, rank(), input) : 0,
       fmt::format("from {}, {}", root, parts_text(parts))},
      [&] { return inner_.scatter(output, input, root, parts); });
}

void RecordingCommunicator::run_barrier() {
  const auto begin = RecordingClock::now();
  const std::int64_t sequence = log_->add({0, "barrier", "", 0, 0, label_, -1});
  if (options_.verify) verify({"barrier", at::kByte, 0, 0, ""}, sequence);
  if (options_.flight) {
    options_.flight->started(options_.group, sequence, "barrier");
    options_.flight->waiting(options_.group);
  }
  try {
    inner_.barrier();
  } catch (const Error& error) {
    fail_operation(*log_, operation_name(sequence, "barrier", label_), error);
  }
  if (options_.flight) options_.flight->finished_waiting(options_.group);
  log_->finish(sequence, seconds_since(begin));
}

std::unique_ptr<Work> RecordingCommunicator::start_send(at::Tensor tensor, int to, int tag) {
  return record({fmt::format("send to {}", to), tensor.scalar_type(), tensor.numel(), bytes_of(tensor),
                 fmt::format("tag {}", tag), false},
                [&] { return inner_.send(tensor, to, tag); });
}

std::unique_ptr<Work> RecordingCommunicator::start_receive(at::Tensor tensor, int from, int tag) {
  return record({fmt::format("receive from {}", from), tensor.scalar_type(), tensor.numel(), 0,
                 fmt::format("tag {}", tag), false},
                [&] { return inner_.receive(tensor, from, tag); });
}

}  // namespace pagewright
