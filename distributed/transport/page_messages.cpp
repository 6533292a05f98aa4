#include "distributed/transport/page_messages.hpp"

#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"

namespace pagewright {

std::string pack_trajectories(std::span<const Trajectory> trajectories) {
  ByteWriter writer;
  writer.value(static_cast<std::int64_t>(trajectories.size()));
  for (const Trajectory& trajectory : trajectories) {
    writer.value(trajectory.request);
    writer.value(trajectory.sample);
    writer.values(trajectory.order);
    writer.values(trajectory.tokens);
    writer.values(trajectory.log_probs);
    writer.text(trajectory.invalid_cause);
    writer.value(trajectory.finish);
    writer.value(trajectory.policy_version);
  }
  return writer.take();
}

std::vector<Trajectory> unpack_trajectories(const PageLanguage& language, std::string_view bytes) {
  ByteReader reader(bytes, "message of trajectories");
  std::vector<Trajectory> trajectories;
  for (auto left = reader.value<std::int64_t>(); left > 0; --left) {
    Trajectory& trajectory = trajectories.emplace_back();
    trajectory.request = reader.value<std::int64_t>();
    trajectory.sample = reader.value<int>();
    trajectory.order = reader.values<std::int32_t>();
    trajectory.tokens = reader.values<TokenId>();
    trajectory.log_probs = reader.values<float>();
    trajectory.invalid_cause = reader.text();
    trajectory.finish = reader.value<FinishReason>();
    trajectory.policy_version = reader.value<std::int64_t>();
    DecodedPage decoded = language.decode(trajectory.order, trajectory.tokens);
    trajectory.page = std::move(decoded.page);
    trajectory.spans = std::move(decoded.spans);
  }
  reader.finish();
  return trajectories;
}

namespace {

/// Stands where older programs wrote the number of scores: terms have figures.
constexpr std::int64_t kScoresWithFigures = -1;

}  // namespace

std::string pack_scores(std::span<const Score> scores) {
  ByteWriter writer;
  writer.value(kScoresWithFigures);
  writer.value(static_cast<std::int64_t>(scores.size()));
  for (const Score& score : scores) {
    writer.value(static_cast<std::int64_t>(score.terms.size()));
    for (const TermScore& term : score.terms) {
      writer.text(term.name);
      writer.value(term.page_raw);
      writer.value(term.page);
      writer.values(term.slots_raw);
      writer.values(term.slots);
      writer.value(static_cast<std::int64_t>(term.figures.size()));
      for (const auto& [name, value] : term.figures) {
        writer.text(name);
        writer.value(value);
      }
    }
    writer.value(score.page_reward);
    writer.values(score.slot_rewards);
    writer.value(score.format_reward);
    writer.values(score.reference_log_probs);
    writer.text(score.invalid_cause);
  }
  return writer.take();
}

std::vector<Score> unpack_scores(std::string_view bytes) {
  ByteReader reader(bytes, "message of scores");
  std::vector<Score> scores;
  auto left = reader.value<std::int64_t>();
  const bool with_figures = left == kScoresWithFigures;
  if (with_figures) left = reader.value<std::int64_t>();
  for (; left > 0; --left) {
    Score& score = scores.emplace_back();
    for (auto terms = reader.value<std::int64_t>(); terms > 0; --terms) {
      TermScore& term = score.terms.emplace_back();
      term.name = reader.text();
      term.page_raw = reader.value<float>();
      term.page = reader.value<float>();
      term.slots_raw = reader.values<float>();
      term.slots = reader.values<float>();
      for (auto figures = with_figures ? reader.value<std::int64_t>() : 0; figures > 0; --figures) {
        std::string name = reader.text();
        term.figures[std::move(name)] = reader.value<float>();
      }
    }
    score.page_reward = reader.value<float>();
    score.slot_rewards = reader.values<float>();
    score.format_reward = reader.value<float>();
    score.reference_log_probs = reader.values<float>();
    score.invalid_cause = reader.text();
  }
  reader.finish();
  return scores;
}

namespace {

constexpr std::int64_t kLengths = 3;  // iteration, bytes of trajectories, bytes of scores

at::Tensor bytes_tensor(const std::string& first, const std::string& second) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(first.size() + second.size())}, at::kByte);
  char* to = static_cast<char*>(bytes.mutable_data_ptr());
  std::memcpy(to, first.data(), first.size());
  std::memcpy(to + first.size(), second.data(), second.size());
  return bytes;
}

}  // namespace

LaneOutbox::LaneOutbox(Communicator& world, std::size_t credits) : world_(world), credits_(credits) {
  require(credits >= 1, "an outbox needs at least one credit");
}

void LaneOutbox::finish_oldest() {
  in_flight_.front().lengths->wait();
  in_flight_.front().bytes->wait();
  in_flight_.pop_front();
}

void LaneOutbox::send(int to, int lane, const LaneMessage& message) {
  while (in_flight_.size() >= credits_) finish_oldest();
  at::Tensor lengths = at::empty({kLengths}, at::kLong);
  std::int64_t* numbers = lengths.mutable_data_ptr<std::int64_t>();
  numbers[0] = message.iteration;
  numbers[1] = static_cast<std::int64_t>(message.trajectories.size());
  numbers[2] = static_cast<std::int64_t>(message.scores.size());
  in_flight_.push_back({world_.send(lengths, to, lane),
                        world_.send(bytes_tensor(message.trajectories, message.scores), to, lane)});
}

void LaneOutbox::drain() {
  while (!in_flight_.empty()) finish_oldest();
}

LaneMessage receive_lane(Communicator& world, int from, int lane) {
  at::Tensor lengths = at::empty({kLengths}, at::kLong);
  world.receive(lengths, from, lane)->wait();
  const std::int64_t* numbers = lengths.const_data_ptr<std::int64_t>();
  at::Tensor bytes = at::empty({numbers[1] + numbers[2]}, at::kByte);
  world.receive(bytes, from, lane)->wait();
  const char* data = static_cast<const char*>(bytes.const_data_ptr());
  const auto first = static_cast<std::size_t>(numbers[1]), second = static_cast<std::size_t>(numbers[2]);
  return {numbers[0], {data, first}, {data + first, second}};
}

}  // namespace pagewright
