#include "launch/run_identity.hpp"

#include <filesystem>

#include "core/base/sha256.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

std::string identity_text(std::vector<std::string> sets = {}) {
  return trained_configuration(
      load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "quickstart.yaml", sets),
      "both");
}

TEST_CASE("a key that was added later does not part a run from its older checkpoints") {
  const std::string text = identity_text();
  INFO("a key that is new here needs an entry in run_identity.cpp with what the program did before it:\n"
       << text);
  CHECK(sha256_hex(text) == "3d17dc4f2d689355359dc6f5c87d93191ac7f2c9896d720abcaef04431f8984e");
}

TEST_CASE("keys that change what is learnt belong to a run's identity, others do not") {
  const std::string text = identity_text();
  CHECK(identity_text({"ppo.gamma=0.5"}) != text);
  CHECK(identity_text({"ppo.micro_batch=4"}) != text);
  CHECK(identity_text({"precision.parameters=bfloat16"}) != text);
  CHECK(identity_text({"model.lora.rank=2"}) != text);
  CHECK(identity_text({"critic.kind=separate"}) != text);
  CHECK(identity_text({"ppo.shaping=0.5"}) != text);
  CHECK(identity_text({"ppo.stream_scale=running"}) != text);
  CHECK(identity_text({"rewards.item_credit=swap"}) != text);
  CHECK(identity_text({"rewards.swap.variants=3"}) != text);
  CHECK(identity_text({"watch.on_alarm=stop", "watch.kl_budget=3"}) == text);
  CHECK(identity_text({"threads=3", "device=auto", "distributed.zero=2", "ppo.reference=host"}) == text);
  CHECK(identity_text({"rewards.clicks.iterations=7", "rewards.gains.click_model=pbm"}) == text);
  CHECK(identity_text({"rewards.gains.propensities=click_model", "rewards.gains.click_model=pbm"}) !=
        identity_text({"rewards.gains.propensities=click_model"}));
  // Of a critic and adapters that are not there.
  CHECK(identity_text({"critic.warmup_steps=5", "model.lora.alpha=3"}) == text);
}

}  // namespace
}  // namespace pagewright
