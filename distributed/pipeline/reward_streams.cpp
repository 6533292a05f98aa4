#include "distributed/pipeline/reward_streams.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"
#include "distributed/lane_tree.hpp"

namespace pagewright {

namespace {

struct LaneStreams {
  Moments page, item;
};

LaneStreams streams_of(std::span<const LearningRequest> requests) {
  LaneStreams lane;
  for (const LearningRequest& request : requests)
    for (const LearningPage& page : request.pages) {
      if (!page.score.invalid_cause.empty()) continue;
      double items = 0;
      for (const float slot : page.score.slot_rewards) items += slot;
      lane.page.add(page.score.page_reward);
      lane.item.add(items);
    }
  return lane;
}

double scale_to(double share, const Moments& moments) {
  const double deviation = std::sqrt(moments.variance());
  return share > 0 && deviation > 1e-8 ? share / deviation : 1.0;
}

}  // namespace

RewardStreams::RewardStreams(StreamScale kind, double page_share) : kind_(kind), page_share_(page_share) {}

double RewardStreams::page_scale() const {
  return scale_to(page_share_, page_);
}

double RewardStreams::item_scale() const {
  return scale_to(1 - page_share_, item_);
}

void RewardStreams::scale(Experience& pages, const LearnerLanes& lanes) {
  if (kind_ == StreamScale::fixed) return;
  std::vector<std::string> own;
  for (std::size_t lane = 0; lane < pages.lanes.size(); ++lane) {
    ByteWriter writer;
    writer.value(streams_of(pages.lane(lane)));
    own.push_back(writer.take());
  }
  std::vector<Moments> page, item;
  for (const std::string& bytes : lanes.exchange(own)) {
    ByteReader reader(bytes, "a lane's reward streams");
    const auto lane = reader.value<LaneStreams>();
    page.push_back(lane.page);
    item.push_back(lane.item);
  }
  page_.merge(merge_lanes(page));
  item_.merge(merge_lanes(item));
  const auto of_page = static_cast<float>(page_scale()), of_item = static_cast<float>(item_scale());
  for (LearningRequest& request : pages.requests)
    for (LearningPage& learning : request.pages) {
      learning.score.page_reward *= of_page;
      for (float& slot : learning.score.slot_rewards) slot *= of_item;
    }
}

void RewardStreams::report(Metrics& metrics) const {
  if (kind_ == StreamScale::fixed) return;
  metrics["page_reward_scale"] = page_scale();
  metrics["item_reward_scale"] = item_scale();
}

std::map<std::string, Moments> RewardStreams::moments() const {
  if (kind_ == StreamScale::fixed) return {};
  return {{"page", page_}, {"item", item_}};
}

void RewardStreams::restore(const std::map<std::string, Moments>& moments) {
  require(moments.size() == (kind_ == StreamScale::fixed ? 0U : 2U),
          "the saved state has moments of {} reward streams", moments.size());
  if (kind_ == StreamScale::fixed) return;
  page_ = moments.at("page");
  item_ = moments.at("item");
}

std::optional<double> unscaled_reward(const Metrics& metrics) {
  const auto value = [&](const char* name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? std::nan("") : found->second;
  };
  double reward = value("reward");
  for (const char* stream : {"page_reward", "item_reward"}) {
    const double scale = value((std::string(stream) + "_scale").c_str());
    if (scale > 0) reward += value(stream) * (1 / scale - 1);
  }
  return std::isfinite(reward) ? std::optional(reward) : std::nullopt;
}

}  // namespace pagewright
