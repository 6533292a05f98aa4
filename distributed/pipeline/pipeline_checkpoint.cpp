#include "distributed/pipeline/pipeline_checkpoint.hpp"

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <numeric>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"
#include "core/checkpoint/checkpoint_shard.hpp"
#include "distributed/agreement.hpp"

namespace pagewright {

namespace {

const std::string kMultiplierPrefix = "multiplier.";
const std::string kStreamPrefix = "stream.";

std::vector<const FlatSlot*> slots_by_name(const FlatParameters& layout) {
  std::vector<const FlatSlot*> slots;
  for (const FlatSlot& slot : layout.slots()) slots.push_back(&slot);
  std::ranges::sort(slots, {}, [](const FlatSlot* slot) -> const std::string& { return slot->spec.name; });
  return slots;
}

/// Elements that a slot and a rank's shard have in common.
struct SlotPart {
  std::int64_t begin = 0;  ///< in the slot
  std::int64_t shard = 0;  ///< in the shard
  std::int64_t size = 0;
};

std::vector<SlotPart> parts_of_slot(const FlatSlot& slot, const Sharding& sharding, int rank) {
  std::vector<SlotPart> parts;
  for (const ShardPiece& piece : sharding.pieces(rank)) {
    const std::int64_t begin = std::max(slot.offset, piece.flat),
                       end = std::min(slot.offset + slot.numel, piece.flat + piece.size);
    if (begin < end) parts.push_back({begin - slot.offset, piece.shard + begin - piece.flat, end - begin});
  }
  return parts;
}

std::vector<NamedArray> arrays_of_shard(const Trainer& trainer, const at::Tensor& shard) {
  const Sharding& sharding = trainer.sharding();
  const int rank = trainer.learner_lanes().learners().rank();
  const at::Tensor host = shard.cpu();
  std::vector<NamedArray> arrays;
  for (const FlatSlot* slot : slots_by_name(trainer.parameters()))
    for (const SlotPart& part : parts_of_slot(*slot, sharding, rank)) {
      const float* first = host.const_data_ptr<float>() + part.shard;
      arrays.push_back({slot->spec.name, slot->spec.shape, {first, first + part.size}, part.begin});
    }
  return arrays;
}

at::Tensor shard_of_arrays(const Trainer& trainer, const Checkpoint& checkpoint, const std::string& group) {
  const auto found = checkpoint.arrays.find(group);
  require(found != checkpoint.arrays.end(), "the checkpoint has no {}", group);
  const Sharding& sharding = trainer.sharding();
  const int rank = trainer.learner_lanes().learners().rank();
  at::Tensor shard = at::zeros({sharding.shard_size(rank)}, at::kFloat);
  for (const FlatSlot& slot : trainer.parameters().slots()) {
    const auto array = std::ranges::find(found->second, slot.spec.name, &NamedArray::name);
    require(array != found->second.end() && array->shape == slot.spec.shape &&
                std::ssize(array->values) == slot.numel,
            "the checkpoint's {} do not fit the model: {}", group, slot.spec.name);
    for (const SlotPart& part : parts_of_slot(slot, sharding, rank))
      std::copy_n(array->values.begin() + part.begin, part.size,
                  shard.mutable_data_ptr<float>() + part.shard);
  }
  return shard.to(trainer.parameters().device());
}

/// A slot's elements of all ranks at the first one, in order; elsewhere nothing.
std::vector<float> gather_slot(const Trainer& trainer, const FlatSlot& slot,
                               std::span<const NamedArray> own) {
  Communicator& learners = trainer.learner_lanes().learners();
  std::vector<std::int64_t> parts;
  for (int rank = 0; rank < learners.size(); ++rank) {
    parts.push_back(0);
    for (const SlotPart& part : parts_of_slot(slot, trainer.sharding(), rank)) parts.back() += part.size;
  }
  at::Tensor input = at::empty({parts[static_cast<std::size_t>(learners.rank())]}, at::kFloat), output;
  float* next = input.mutable_data_ptr<float>();
  for (const NamedArray& array : own)
    if (array.name == slot.spec.name) next = std::copy(array.values.begin(), array.values.end(), next);
  if (learners.rank() == 0) output = at::empty({slot.numel}, at::kFloat);
  learners.gather(output, input, 0, parts)->wait();
  if (learners.rank() != 0) return {};
  // Rank by rank, and inside a rank piece by piece, to the order of the slot.
  std::vector<float> values(static_cast<std::size_t>(slot.numel));
  const float* from = output.const_data_ptr<float>();
  for (int rank = 0; rank < learners.size(); ++rank)
    for (const SlotPart& part : parts_of_slot(slot, trainer.sharding(), rank)) {
      std::copy_n(from, part.size, values.begin() + part.begin);
      from += part.size;
    }
  return values;
}

/// Sorts by iteration and lane.
std::string blob_name(const WaitingLane& lane) {
  return fmt::format("pages/{:08}/lane-{:04}", lane.iteration, lane.lane);
}

std::string to_blob(const WaitingLane& lane) {
  ByteWriter writer;
  for (const std::int64_t number : {lane.iteration, lane.ordered_in, lane.policy_version})
    writer.value(number);
  writer.value(lane.lane);
  writer.text(lane.trajectories);
  writer.text(lane.scores);
  return writer.take();
}

WaitingLane from_blob(const std::string& name, std::string_view bytes) {
  ByteReader reader(bytes, "the checkpoint's " + name);
  WaitingLane lane;
  for (std::int64_t* number : {&lane.iteration, &lane.ordered_in, &lane.policy_version})
    *number = reader.value<std::int64_t>();
  lane.lane = reader.value<int>();
  lane.trajectories = reader.text();
  lane.scores = reader.text();
  reader.finish();
  return lane;
}

/// The blobs of this rank's lanes.
std::vector<WaitingLane> own_waiting_lanes(const Trainer& trainer, const Checkpoint& checkpoint) {
  std::vector<WaitingLane> lanes;
  for (const auto& [name, bytes] : checkpoint.blobs) {
    if (!name.starts_with("pages/")) continue;
    WaitingLane lane = from_blob(name, bytes);
    if (std::ranges::find(trainer.learner_lanes().own(), lane.lane) != trainer.learner_lanes().own().end())
      lanes.push_back(std::move(lane));
  }
  return lanes;
}

/// Everybody's blobs, by name.
std::map<std::string, std::string> gather_blobs(Communicator& learners,
                                                const std::map<std::string, std::string>& own) {
  ByteWriter writer;
  for (const auto& [name, bytes] : own) {
    writer.text(name);
    writer.text(bytes);
  }
  std::map<std::string, std::string> all;
  for (const std::string& rank : all_gather_bytes(learners, writer.take())) {
    ByteReader reader(rank, "blobs of a checkpoint");
    while (!reader.at_end()) {
      std::string name = reader.text();
      all.emplace(std::move(name), reader.text());
    }
  }
  return all;
}

}  // namespace

const Trainer& CheckpointedTrainers::of(std::string_view group) const {
  return critic && group.starts_with("critic") ? *critic : policy;
}

Checkpoint to_checkpoint(const CheckpointedTrainers& trainers, const PipelineState& state,
                         std::vector<std::string> metrics) {
  Checkpoint checkpoint;
  checkpoint.iteration = state.iteration;
  const auto keep = [&](const char* group, const at::Tensor& shard) {
    checkpoint.arrays[group] = arrays_of_shard(trainers.of(group), shard);
  };
  keep("parameters", state.shard.values);
  keep("exp_avg", state.shard.first_moment);
  keep("exp_avg_sq", state.shard.second_moment);
  keep("within_budget", state.within_budget);
  checkpoint.numbers = {{"kl_coefficient", state.kl_coefficient},
                        {"stopped", state.stopped ? 1.0 : 0.0},
                        {"optimizer_step", static_cast<double>(state.optimizer_step)},
                        {"policy_version", static_cast<double>(state.policy_version)}};
  if (state.critic) {
    keep("critic", state.critic->values);
    keep("critic_exp_avg", state.critic->first_moment);
    keep("critic_exp_avg_sq", state.critic->second_moment);
    checkpoint.numbers["critic_step"] = static_cast<double>(state.critic_step);
  }
  for (const auto& [term, value] : state.multipliers) checkpoint.numbers[kMultiplierPrefix + term] = value;
  for (const auto& [stream, moments] : state.streams) {
    checkpoint.numbers[kStreamPrefix + stream + ".count"] = moments.count;
    checkpoint.numbers[kStreamPrefix + stream + ".mean"] = moments.mean;
    checkpoint.numbers[kStreamPrefix + stream + ".m2"] = moments.m2;
  }
  for (const WaitingLane& lane : state.waiting) checkpoint.blobs.emplace(blob_name(lane), to_blob(lane));
  checkpoint.metrics = std::move(metrics);
  return checkpoint;
}

PipelineState from_checkpoint(const CheckpointedTrainers& trainers, const Checkpoint& checkpoint) {
  const auto number = [&](const char* name) {
    const auto found = checkpoint.numbers.find(name);
    require(found != checkpoint.numbers.end(), "the checkpoint does not say its {}", name);
    return found->second;
  };
  const auto shard = [&](const char* group) {
    return shard_of_arrays(trainers.of(group), checkpoint, group);
  };
  PipelineState state;
  state.iteration = checkpoint.iteration;
  state.kl_coefficient = number("kl_coefficient");
  for (const auto& [name, value] : checkpoint.numbers)
    if (name.starts_with(kMultiplierPrefix)) state.multipliers[name.substr(kMultiplierPrefix.size())] = value;
  for (const std::string stream : {"page", "item"})
    if (const std::string name = kStreamPrefix + stream; checkpoint.numbers.contains(name + ".count"))
      state.streams[stream] = {number((name + ".count").c_str()), number((name + ".mean").c_str()),
                               number((name + ".m2").c_str())};
  state.stopped = number("stopped") != 0;
  state.optimizer_step = static_cast<std::int64_t>(number("optimizer_step"));
  state.policy_version = static_cast<std::int64_t>(number("policy_version"));
  state.shard = {shard("parameters"), shard("exp_avg"), shard("exp_avg_sq")};
  state.within_budget = shard("within_budget");
  if (trainers.critic) {
    state.critic = TrainerShard{shard("critic"), shard("critic_exp_avg"), shard("critic_exp_avg_sq")};
    state.critic_step = static_cast<std::int64_t>(number("critic_step"));
  }
  state.waiting = own_waiting_lanes(trainers.policy, checkpoint);
  return state;
}

CheckpointHashes hash_parts(const CheckpointedTrainers& trainers, const Checkpoint& part) {
  Communicator& learners = trainers.policy.learner_lanes().learners();
  CheckpointHasher hasher(part.iteration);
  for (const auto& [group, arrays] : part.arrays) {
    hasher.group(group);
    const Trainer& trainer = trainers.of(group);
    for (const FlatSlot* slot : slots_by_name(trainer.parameters())) {
      const std::vector<float> values = gather_slot(trainer, *slot, arrays);
      if (learners.rank() == 0) hasher.array(slot->spec.name, slot->spec.shape, values);
    }
  }
  for (const auto& [name, bytes] : gather_blobs(learners, part.blobs)) hasher.blob(name, bytes);
  const CheckpointHashes hashes = hasher.finish(part.numbers, part.metrics);
  return {broadcast_text(learners, hashes.parameters, 0), broadcast_text(learners, hashes.state, 0)};
}

CheckpointHashes save_checkpoint(const CheckpointedTrainers& trainers, const CheckpointStore& store,
                                 const Checkpoint& part) {
  Communicator& learners = trainers.policy.learner_lanes().learners();
  std::unique_ptr<AtomicFolder> folder;
  on_first_rank(learners, [&] { folder = store.begin(part.iteration); });
  const std::filesystem::path path = broadcast_text(learners, folder ? folder->path().string() : "", 0);
  // The disk takes the shard while this thread gathers and hashes; both only read.
  std::future<void> written = std::async(
      std::launch::async, [&, rank = learners.rank()] { write_checkpoint_shard(path, rank, part); });
  const CheckpointHashes hashes = hash_parts(trainers, part);
  on_all_ranks(learners, [&] { written.get(); });
  on_first_rank(learners, [&] { store.finish(*folder, part, learners.size(), hashes); });
  return hashes;
}

std::optional<Checkpoint> load_checkpoint(Communicator& learners, const CheckpointStore& store) {
  std::optional<Checkpoint> checkpoint;
  on_first_rank(learners, [&] { checkpoint = store.load_latest(); });
  const std::string folder =
      broadcast_text(learners, checkpoint ? store.folder_of(checkpoint->iteration).string() : "", 0);
  if (folder.empty()) return std::nullopt;
  if (learners.rank() != 0) checkpoint = store.load(folder);
  return checkpoint;
}

}  // namespace pagewright
