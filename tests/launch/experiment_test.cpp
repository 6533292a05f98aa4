#include "launch/experiment.hpp"

#include <cstdlib>
#include <filesystem>

#include "core/base/file.hpp"
#include "distributed/topology.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kExperimentSource = PAGEWRIGHT_SOURCE_DIR;

TEST_CASE("every file under configs is an experiment") {
  // They name files as seen from the project's folder, where the README starts them.
  std::filesystem::current_path(PAGEWRIGHT_SOURCE_DIR);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kExperimentSource / "configs")) {
    // configs/import/ has maps of tables, which core/data reads, configs/studies/ has studies of experiments.
    const auto folder = entry.path().parent_path().filename();
    if (entry.path().extension() != ".yaml" || folder == "import" || folder == "studies") continue;
    INFO(entry.path().string());
    const LoadedExperiment loaded = load_experiment(entry.path(), {});
    CHECK_FALSE(loaded.experiment.policies.empty());
    CHECK(loaded.experiment.policy_model().vocab_size > 0);
    ++files;
  }
  CHECK(files >= 1);
}

TEST_CASE(
    "what a policy inherits is written out as it is, so that the effective configuration is the same run") {
  const test::TemporaryFolder folder;
  const std::filesystem::path quickstart = kExperimentSource / "configs" / "quickstart.yaml";
  const LoadedExperiment asked = load_experiment(
      quickstart,
      std::vector<std::string>{"rewards.alpha=0.25", "rewards.page.form=both", "rewards.item_credit=swap",
                               "policies=[{name: a}, {name: b, page_model: utility}]"});
  write_file_atomically(folder / "config.yaml", asked.effective_yaml);
  const LoadedExperiment again = load_experiment(folder / "config.yaml", {});
  CHECK(again.values == asked.values);
  for (const LoadedExperiment* const loaded : {&asked, &again}) {
    const std::vector<PolicyVariant>& policies = loaded->experiment.policies;
    REQUIRE(policies.size() == 2);
    CHECK(policies[0].alpha == 0.25);
    CHECK(policies[0].page_form == PageModelForm::both);
    CHECK(policies[0].item_credit == ItemCredit::swap);
    CHECK(policies[1].page_form == PageModelForm::utility);
    CHECK(policies[1].item_credit == ItemCredit::swap);
  }
  const PolicyVariant unnamed =
      load_experiment(quickstart, std::vector<std::string>{"rewards.page.form=both", "policies=[]"})
          .experiment.policies.at(0);
  CHECK(unnamed.page_form == PageModelForm::both);
}

TEST_CASE("a GPU is refused where sums must be exact, at the key's place") {
  const std::filesystem::path quickstart = kExperimentSource / "configs" / "quickstart.yaml";
  const auto load = [&](std::vector<std::string> sets) {
    return load_experiment(quickstart, sets).experiment.device;
  };
  CHECK(load({}) == DeviceChoice::cpu);
  CHECK(load({"device=cuda", "distributed.determinism=fast"}) == DeviceChoice::cuda);
  CHECK(load({"device=auto"}) == DeviceChoice::automatic);
  CHECK(test::contains(test::error_text([&] { load({"device=cuda"}); }), "distributed.determinism: fast"));
  CHECK(test::contains(test::error_text([&] { load({"device=gpu"}); }), "cuda"));
}

TEST_CASE("the configurations for 1, 4 and 16 GPUs have a place for as many ranks") {
  struct Case {
    std::string name;
    int ranks;
    double millions;  ///< of parameters that its comment promises
  };
  for (const Case& wanted : {Case{"gpu-1", 1, 90}, Case{"gpu-4", 4, 650}, Case{"gpu-16", 16, 2260}}) {
    INFO(wanted.name);
    const Experiment experiment =
        load_experiment(kExperimentSource / "configs" / (wanted.name + ".yaml"), {}).experiment;
    const DistributedConfig& distributed = experiment.distributed;
    const Topology topology(distributed.placement, wanted.ranks, experiment.lanes(),
                            distributed.sharding.lane_order());
    for (int rank = 0; rank < wanted.ranks; ++rank)
      CHECK(topology.lanes_of(Role::learner, rank).size() ==
            static_cast<std::size_t>(experiment.lanes() / wanted.ranks));
    CHECK_NOTHROW(requests_per_lane_and_mini_batch(experiment.ppo.requests, experiment.lanes(),
                                                   experiment.ppo.mini_batches));
    const auto parameters = static_cast<double>(parameter_count(experiment.policy_model()));
    CHECK(parameters / 1e6 == Approx(wanted.millions).epsilon(0.01));
  }
}

TEST_CASE("the split placement that the configuration for 16 GPUs proposes is possible") {
  const std::vector<std::string> sets{"distributed.placement=split", "distributed.learner=8",
                                      "distributed.rollout=6", "distributed.reward=2"};
  const Experiment experiment =
      load_experiment(kExperimentSource / "configs" / "gpu-16.yaml", sets).experiment;
  const Topology topology(experiment.distributed.placement, 16, experiment.lanes());
  CHECK(topology.name_of(7) == "learner 7");
  CHECK(topology.name_of(8) == "rollout 0");
  CHECK(topology.name_of(15) == "reward 1");
}

TEST_CASE("the effective configuration loads as the same experiment") {
  const auto file = kExperimentSource / "configs" / "quickstart.yaml";
  const std::vector<std::string> sets{"ppo.iterations=7", "rewards.alpha=0.25"};
  const LoadedExperiment loaded = load_experiment(file, sets);
  CHECK(loaded.experiment.ppo.iterations == 7);
  CHECK(loaded.experiment.rewards.alpha == 0.25);
  const auto copy = std::filesystem::temp_directory_path() / "pagewright-effective-test.yaml";
  write_file_atomically(copy, loaded.effective_yaml);
  const LoadedExperiment again = load_experiment(copy, {});
  std::filesystem::remove(copy);
  CHECK(again.values == loaded.values);
  CHECK(again.experiment.language().hash() == loaded.experiment.language().hash());
}

TEST_CASE("docs/configuration.md is what the source says") {
  const auto file = kExperimentSource / "docs" / "configuration.md";
  if (std::getenv("PAGEWRIGHT_WRITE_DOCS")) write_file_atomically(file, experiment_reference());
  INFO("write it anew with: PAGEWRIGHT_WRITE_DOCS=1 build/tests/launch_tests '[#experiment_test]' -#");
  CHECK((std::filesystem::exists(file) && read_file(file) == experiment_reference()));
}

TEST_CASE("a reward that looks at the truth, a baseline's name and a name given twice are refused together") {
  const std::string text = test::error_text([] {
    const std::vector<std::string> sets{
        "rewards.oracle=1", "policies=[{name: oracle}, {name: mine}, {name: mine}]", "model.heads=5"};
    load_experiment(kExperimentSource / "configs" / "quickstart.yaml", sets);
  });
  CHECK(test::contains(text, "allow_oracle"));
  CHECK(test::contains(text, "'oracle' is the name of a baseline"));
  CHECK(test::contains(text, "'mine' is given twice"));
  CHECK(test::contains(text, "model.heads"));
}

}  // namespace
TEST_CASE("a longest prompt that cannot hold the candidates is refused before anything starts") {
  const auto problem = [&](const char* file, const char* set) {
    const std::vector<std::string> sets = {set};
    return test::error_text([&] { load_experiment(kExperimentSource / "configs" / file, sets); });
  };
  // Tables always take their positions; words can be left out.
  CHECK(test::contains(problem("quickstart.yaml", "prompt.max_tokens=10"),
                       "max_tokens 10 is less than the 27 positions that a prompt of 20 candidates takes"));
  CHECK(problem("quickstart.yaml", "prompt.max_tokens=27") == "no error");
  CHECK(test::contains(problem("stories.yaml", "prompt.max_tokens=20"), "candidates takes without any text"));
  CHECK(problem("stories.yaml", "prompt.max_tokens=100") == "no error");
  CHECK(test::contains(problem("quickstart.yaml", "model.max_positions=30"), "but the model's 30 leave"));
}

TEST_CASE("a backbone beside the policy's holds the policy's prompts and has no adapters of its own") {
  const auto problem = [](const char* file, const std::vector<std::string>& sets) {
    return test::error_text([&] {
      const LoadedExperiment loaded = load_experiment(kExperimentSource / "configs" / file, sets);
      CHECK(loaded.experiment.critic_model().dim == 32);
      CHECK(loaded.experiment.reward_model().dim == 16);
    });
  };
  const std::vector<std::string> good{"critic.kind=separate", "critic.model={dim: 32, heads: 2, kv_heads: 1}",
                                      "rewards.model={dim: 16, heads: 2, kv_heads: 1}"};
  const auto with = [&](const char* set) {
    std::vector<std::string> sets = good;
    sets.emplace_back(set);
    return sets;
  };
  CHECK(problem("quickstart.yaml", good) == "no error");
  CHECK(test::contains(problem("quickstart.yaml", with("rewards.model.max_positions=40")),
                       "it has 40 positions, but the policy's prompts and pages take up to"));
  CHECK(test::contains(problem("stories.yaml", with("critic.model.max_positions=511")), "take up to 512"));
  CHECK(problem("stories.yaml", {good[0], "prompt.max_tokens=400", "critic.model={dim: 32, heads: 2}",
                                 "critic.model.max_positions=440", good[2]}) == "no error");
  CHECK(test::contains(problem("quickstart.yaml", with("rewards.model.lora.rank=2")), "leave `lora` out"));
  CHECK(test::contains(problem("quickstart.yaml", with("critic.model.lora.rank=2")), "`critic.lora`"));
  CHECK(test::contains(problem("quickstart.yaml", with("critic.kind=shared")), "set critic.kind: separate"));
  CHECK(test::contains(problem("quickstart.yaml", with("critic.model.heads=5")), "heads must divide dim"));
  CHECK(test::contains(problem("quickstart.yaml", {"ppo.reference=host", "model.lora.rank=2"}),
                       "stay on the device"));
}

TEST_CASE(
    "a model's folder that is missing or no model is an error at its key, whatever words the prompt has") {
  const test::TemporaryFolder folder;
  const auto problem = [&](const std::filesystem::path& path) {
    const std::vector<std::string> sets = {"model.path=" + path.string()};
    return test::error_text([&] {
      load_experiment(std::filesystem::path(PAGEWRIGHT_SOURCE_DIR) / "configs" / "stories.yaml", sets);
    });
  };
  const std::string missing = problem(folder / "nowhere");
  CHECK(test::contains(missing, "--set model.path="));
  CHECK(test::contains(missing, "there is no folder"));
  // Its words need a tokenizer, which is the same problem.
  CHECK_FALSE(test::contains(missing, "needs a tokenizer"));
  CHECK(test::contains(problem(folder.path()), "config.json"));
  // A model without its tokenizer.
  const std::filesystem::path stories = std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "stories260k";
  std::filesystem::copy(stories / "config.json", folder / "config.json");
  CHECK(test::contains(problem(folder.path()), "tokenizer.json"));
}

}  // namespace pagewright
