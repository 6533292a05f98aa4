#include "distributed/pipeline/rollout_file.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <stdlib.h>

#include "core/base/error.hpp"
#include "core/data/hdf5.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;
using namespace pagewright::shop_test;

namespace {

struct RolloutFolder {
  std::filesystem::path path;
  RolloutFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rollouts-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~RolloutFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("a rollout file holds every page of the iteration with what it earned") {
  const RolloutFolder folder;
  const std::filesystem::path file = folder.path / "iteration.h5";
  PpoConfig config = shop_config();
  config.iterations = 1;
  ShopRun shop(config, 2);
  std::vector<std::int64_t> seen;
  PipelineHooks hooks;
  hooks.on_experience = [&](std::int64_t iteration, const Experience& experience) {
    seen.push_back(iteration);
    if (iteration != 0) return;
    write_rollouts(file, iteration, experience);
    const Hdf5File read = Hdf5File::open(file);
    CHECK(read.text_attribute("format") == "pagewright-rollouts");
    CHECK(read.int_attribute("iteration") == 0);
    REQUIRE(read.int_attribute("pages") == 32);
    const auto request = read.read_strings("pages/request"), item = read.read_strings("slots/item");
    const auto sample = read.read<std::int32_t>("pages/sample");
    const auto reward = read.read<double>("pages/reward");
    const auto page_reward = read.read<float>("pages/page_reward");
    const auto format_reward = read.read<float>("pages/format_reward");
    const auto tokens = read.read<std::int64_t>("pages/token_offsets");
    const auto slots = read.read<std::int64_t>("pages/slot_offsets");
    const auto slot_reward = read.read<float>("slots/reward");
    const auto slot_token = read.read<std::int32_t>("slots/token");
    const auto log_prob = read.read<float>("tokens/log_prob");
    const auto old_log_prob = read.read<float>("tokens/old_log_prob");
    const auto advantage = read.read<float>("tokens/advantage");
    REQUIRE(request.size() == 32);
    std::size_t p = 0;
    for (const LearningRequest& of : experience.requests)
      for (const LearningPage& page : of.pages) {
        CHECK(request[p] == of.request.request->id);
        CHECK(sample[p] == page.trajectory.sample);
        const auto begin = static_cast<std::size_t>(tokens[p]);
        CHECK(std::vector<float>(advantage.begin() + tokens[p], advantage.begin() + tokens[p + 1]) ==
              page.advantages);
        CHECK(std::vector<float>(log_prob.begin() + tokens[p], log_prob.begin() + tokens[p + 1]) ==
              page.trajectory.log_probs);
        double sum = page_reward[p] + format_reward[p];
        for (auto s = static_cast<std::size_t>(slots[p]); s < static_cast<std::size_t>(slots[p + 1]); ++s) {
          sum += slot_reward[s];
          const std::size_t k = s - static_cast<std::size_t>(slots[p]);
          const SlotSpan& span = page.trajectory.spans.slots[k];
          CHECK(item[s] == of.request.request->candidates[static_cast<std::size_t>(span.candidate)].id);
          CHECK(slot_token[s] == span.token);
        }
        CHECK(reward[p] == Approx(sum).margin(1e-6));
        CHECK(log_prob[begin] == Approx(old_log_prob[begin]));
        ++p;
      }
    CHECK(tokens.back() == static_cast<std::int64_t>(log_prob.size()));
  };
  shop.pipeline().run(hooks);
  CHECK(seen == std::vector<std::int64_t>{0, 1});
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a rollout file that cannot be written leaves nothing") {
  const RolloutFolder folder;
  CHECK_THROWS_AS(write_rollouts(folder.path / "missing" / "iteration.h5", 0, {}), Error);
  CHECK(std::filesystem::is_empty(folder.path));
}
