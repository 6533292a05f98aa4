#include "tests/programs/training_steps/steps_bench.hpp"

#include <string>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include "core/base/rng.hpp"
#include "core/model/safetensors.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright::steps {
namespace {

void add_named(const FlatParameters& parameters, const at::Tensor& flat /* [padded] */,
               const std::string& prefix, NamedTensors& named) {
  const WeightsView view = parameters.view_of(flat);
  for (const auto& [name, tensor] : view.tensors()) named[prefix + name] = tensor;
}

}  // namespace

StepsBench::StepsBench(Experiment experiment)
    : experiment_(std::move(experiment)),
      language_(experiment_.language()),
      log_(simulate_log(World(experiment_.simulator, experiment_.schema, experiment_.seed))),
      pool_(make_lane_pool(experiment_.worker_threads())) {}

FlatParameters StepsBench::start_policy() const {
  FlatParameters parameters(experiment_.policy_model());
  parameters.initialise(experiment_.seed);
  disturb(parameters, /*key=*/1, /*deviation=*/0.1);
  return parameters;
}

void disturb(FlatParameters& parameters, std::uint64_t key, double deviation) {
  CounterRandom random(key, RandomStream::init);
  at::Tensor flat = parameters.values();
  float* values = flat.mutable_data_ptr<float>();
  for (const FlatSlot& slot : parameters.slots())
    for (std::int64_t i = slot.offset; i < slot.offset + slot.numel; ++i)
      values[i] += static_cast<float>(deviation * random.normal());
}

void write_step(const std::filesystem::path& folder, const Trainer& trainer) {
  const FlatParameters& parameters = trainer.parameters();
  const TrainerShard all = trainer.shard();
  NamedTensors named;
  add_named(parameters, all.values, "", named);
  add_named(parameters, all.first_moment, "first_moment.", named);
  add_named(parameters, all.second_moment, "second_moment.", named);
  write_safetensors(folder / fmt::format("step-{}.safetensors", parameters.step()), named);
}

}  // namespace pagewright::steps
