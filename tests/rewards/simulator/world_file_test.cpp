#include "rewards/simulator/world_file.hpp"

#include <filesystem>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/config/config_file.hpp"
#include "rewards/feedback/gains.hpp"
#include "rewards/simulator/request_source.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world_summary.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr const char* kWorldText = R"(
seed: 7
schema:
  section_types:
    carousel: {layout: carousel, min_slots: 3, max_slots: 3}
    grid: {layout: grid, columns: 2, min_slots: 4, max_slots: 4}
  section_order: [carousel, grid]
  max_candidates: 12
simulator:
  pages: 200
  test_requests: 30
  candidates: {count: 12, relevant: 6}
  clicks: {quality: 0.9}
unrelated: 3
)";

struct WorldFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "pagewright_world_file_test";
  WorldFolder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~WorldFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("a world that went through world.yaml is the same world") {
  const ConfigFile file = parse_config(kWorldText, "a.yaml");
  const WorldConfig config = WorldConfig::from(file.root());
  int unrelated = 0;
  file.root().read("unrelated", unrelated, "not of the world");
  file.finish();
  const WorldFolder folder;
  write_file_atomically(folder.path / kWorldFile, world_yaml(file));
  const World world = config.world(), again = load_world(folder.path);
  CHECK(again.seed() == 7);
  CHECK(again.schema() == world.schema());
  CHECK(again.config().clicks.quality == 0.9);
  CHECK(again.requests() == world.requests());
  for (std::int64_t index = 0; index < world.requests(); index += 17) {
    const Request request = make_request(world, index);
    CHECK(request == make_request(again, index));
    const Page page = test::uniform_page(world, request, 1);
    CHECK(world.truth(request, page).gmv() == again.truth(request, page).gmv());
  }
  CHECK(load_world(folder.path / kWorldFile).items() == world.items());
}

TEST_CASE("a log without a world and a world with a wrong key are refused") {
  const WorldFolder folder;
  CHECK_THROWS_AS(load_world(folder.path), Error);
  write_file_atomically(folder.path / kWorldFile, kWorldText);
  CHECK_THROWS_AS(load_world(folder.path), Error);
}

TEST_CASE("impossible shops are refused with the key") {
  for (const char* wrong : {"candidates: {count: 5, relevant: 6}", "candidates: {retrieval_pool: 3}",
                            "catalogue: {test_items: 50}", "logging: {temperature: 0}", "valid_share: 1"}) {
    const ConfigFile file = parse_config(wrong, "a.yaml");
    SimulatorConfig::from(file.root());
    INFO(wrong);
    CHECK_FALSE(file.errors().empty());
  }
  const ConfigFile empty = parse_config("{}", "b.yaml");
  SimulatorConfig::from(empty.root());
  CHECK(empty.errors().empty());
}

TEST_CASE("the summary of a world puts logging between random and the oracles, each best at its own goal") {
  const World world = test::small_world(1, 600, 300);
  const FeedbackLog log = simulate_log(world);
  const std::vector<PolicyTruth> policies = summarise_world(world, log, gain_weights(GainConfig{}, log));
  REQUIRE(policies.size() == 5);
  const PolicyTruth &random = policies[0], &logging = policies[1], &oracle = policies[2], &gmv = policies[3],
                    &clicks = policies[4];
  CHECK(random.gap_closed == 0);
  CHECK(oracle.gap_closed == Approx(1));
  CHECK(random.utility < logging.utility);
  CHECK(logging.utility < oracle.utility);
  CHECK(gmv.gmv > logging.gmv);
  CHECK(gmv.gmv > clicks.gmv);
  CHECK(clicks.ctr > gmv.ctr);
  CHECK(clicks.ctr > oracle.ctr);
  CHECK(oracle.utility > clicks.utility);
}

}  // namespace pagewright
