#include "launch/experiment.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

PolicyVariant read_variant(const Section& section, PolicyVariant variant) {
  section.read_required("name", variant.name, "name of the policy; its folder and its row in the evaluation");
  section.read("alpha", variant.alpha, in_closed(0, 1),
               "weight of the page reward, if not rewards.alpha; the item reward weighs 1 - alpha");
  section.read_enum(
      "page_model", variant.page_form,
      {{"utility", PageModelForm::utility}, {"pairs", PageModelForm::pairs}, {"both", PageModelForm::both}},
      "form of the page model, if not that of rewards.page.form");
  variant.item_credit = read_item_credit(section, variant.item_credit);
  return variant;
}

void read_policies(const Section& root, const RewardsConfig& rewards, std::vector<PolicyVariant>& policies) {
  const PolicyVariant inherited{
      .alpha = rewards.alpha, .page_form = rewards.page.form, .item_credit = rewards.item_credit};
  std::set<std::string> names;
  static const std::set<std::string> kTaken{"random",     "logged",        "price_ascending",
                                            "popularity", "last_touched",  "imitation",
                                            "warmup",     "greedy_reward", "oracle"};
  for (const Section& section :
       root.children("policies", "policies that `train` makes, each from the warm-up")) {
    policies.push_back(read_variant(section, inherited));
    const std::string& name = policies.back().name;
    if (kTaken.contains(name))
      section.complain("name", "'" + name + "' is the name of a baseline; choose another");
    if (!names.insert(name).second)
      section.complain("name", "'" + name + "' is given twice; names must differ");
  }
  if (policies.empty()) policies.push_back(inherited);
}

/// The tokenizer in the folder of the model; none for a model from scratch, or when it cannot be read. A
/// folder that holds no model is a complaint already.
std::optional<Tokenizer> read_tokenizer(const Section& model, const ModelConfig& config) {
  if (config.path.empty() || !std::filesystem::exists(config.path / "config.json")) return std::nullopt;
  try {
    return Tokenizer::read(config.path);
  } catch (const Error& error) {
    model.complain("path", error.what());
    return std::nullopt;
  }
}

/// A backbone of its own for the models of `parent`; they read the policy's prompts, so that the tokenizers
/// must be equal.
std::optional<ModelConfig> read_own_backbone(const Section& parent, const std::string& doc,
                                             const std::optional<Tokenizer>& policys) {
  const std::optional<Section> section = parent.optional_child("model", doc);
  if (!section) return std::nullopt;
  ModelConfig config = ModelConfig::from(*section);
  if (const std::optional<Tokenizer> own = read_tokenizer(*section, config))
    if (!policys || own->hash() != policys->hash())
      section->complain("path", policys ? "its tokenizer is another than that of model.path, but the model "
                                          "reads the policy's prompts"
                                        : "a pre-trained model beside the policy needs a policy with its "
                                          "tokenizer: set model.path");
  return config;
}

/// A model beside the policy must hold the policy's prompts and pages.
void check_own_backbone(const Section& parent, const std::optional<ModelConfig>& config, std::int64_t needed,
                        const std::string& on_adapters) {
  if (!config) return;
  if (config->max_positions < needed)
    parent.complain(
        "model.max_positions",
        fmt::format("it has {} positions, but the policy's prompts and pages take up to {}: raise "
                    "it, or lower prompt.max_tokens or model.max_positions",
                    config->max_positions, needed));
  if (config->lora.on()) parent.complain("model.lora.rank", on_adapters);
}

bool read_reference_place(const Section& ppo, const ModelConfig& model) {
  enum class Place { device, host } place = Place::device;
  ppo.read_enum("reference", place, {{"device", Place::device}, {"host", Place::host}},
                "where the weights of the reference lie between uses: `host` keeps them off the GPU, and "
                "copies them for each use");
  if (place == Place::host && model.lora.on())
    ppo.complain(
        "reference",
        "with model.lora the reference is the policy's own frozen weights, which stay on the device; "
        "leave it out");
  return place == Place::host;
}

EvaluationConfig read_evaluation(const Section& section) {
  EvaluationConfig config;
  section.read("requests", config.requests, at_least(0), "held-out requests at most; 0: all");
  section.read("bootstrap", config.bootstrap, at_least(100), "resamples by user for the intervals");
  section.read("greedy_reward", config.greedy_reward,
               "add the baseline that composes pages greedily by the page model; scores slots x candidates "
               "pages a request");
  section.read("cutoff", config.cutoff, at_least(1), "k of NDCG@k, Recall@k and Hit@k");
  return config;
}

/// Prompts that grow with what is in the log are kept within the model's context and `max_tokens`; others
/// must fit. Returns the positions that a prompt and a page take at most.
std::int64_t limit_prompts(const Section& section, Experiment& experiment) {
  PromptTemplate& prompt = experiment.prompt;
  const int candidates = experiment.schema.max_candidates;
  const int page = experiment.schema.max_response_tokens() + PageSchema::kUnconstrainedSlack;
  const auto room = static_cast<int>(experiment.model.max_positions - page);
  const int needed =
      prompt.has_text() ? prompt.least_positions(candidates) : prompt.most_positions(candidates);
  const char* without = prompt.has_text() ? " without any text" : "";
  if (needed > room)
    section.complain(
        "", fmt::format("a prompt of {} candidates takes {} positions{}, but the model's {} leave {} beside "
                        "the longest page: lower schema.max_candidates, shorten the template or raise "
                        "model.max_positions",
                        candidates, needed, without, experiment.model.max_positions, room));
  else if (prompt.max_tokens() > 0 && needed > prompt.max_tokens())
    section.complain("max_tokens",
                     fmt::format("max_tokens {} is less than the {} positions that a prompt of {} "
                                 "candidates takes{}: raise it or lower schema.max_candidates",
                                 prompt.max_tokens(), needed, candidates, without));
  else if (prompt.has_text())
    prompt.limit_positions(room);
  if (!prompt.has_text()) return needed + page;
  return page + (prompt.max_tokens() > 0 ? std::min(prompt.max_tokens(), room) : room);
}

}  // namespace

Experiment read_experiment(const Section& root) {
  Experiment experiment;
  root.read_working_directory(
      "working_directory",
      "where relative paths of this file start; empty: where the program is started. Those of --set always "
      "start there. The configuration in a run folder and in an exported folder has the directory in which "
      "it "
      "was made, so that it can be used from any other");
  root.read_required("run", experiment.run, "run folder: models, checkpoints, metrics, evaluation, report");
  root.read_required("log", experiment.log, "feedback log folder, as `import` or `simulate` wrote it");
  root.read(
      "log_pages", experiment.log_pages, at_least(0),
      "pages of the log that are read at most, of whole users drawn by a hash of their names; 0: all. For "
      "logs that do not fit in memory");
  root.read("seed", experiment.seed, "seed of everything: world, log, initialisation, sampling");
  root.read("threads", experiment.threads, at_least(0),
            "worker threads of a process; 0: one for each core, shared by the processes of a machine. "
            "Results do not "
            "depend on it. With a GPU 0 is one: lanes follow each other on it, and every thread more has a "
            "gradient buffer there");
  root.read_enum(
      "device", experiment.device,
      {{"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}, {"auto", DeviceChoice::automatic}},
      "where models run: on the CPU, on a GPU for each process, or on a GPU where there is one; a GPU "
      "needs distributed.determinism: fast");
  root.read("allow_oracle", experiment.allow_oracle,
            "may a reward term look at the simulator's truth; the policy is then labelled oracle-trained");
  root.read_enum("candidate_order", experiment.candidate_order,
                 {{"shuffled", CandidateOrderKind::shuffled}, {"logged", CandidateOrderKind::logged}},
                 "order in which the policy sees the candidates; with `logged` it is a re-ranker");
  experiment.schema = PageSchema::from(root.child("schema", "what a page may look like"));
  const Section model = root.child("model", "the transformer");
  experiment.model = ModelConfig::from(model);
  const Section prompt = root.child("prompt", "which fields of a request the model sees");
  const std::optional<Tokenizer> tokenizer = read_tokenizer(model, experiment.model);
  const bool tokenizer_failed = !experiment.model.path.empty() && !tokenizer;
  experiment.prompt = PromptTemplate::from(prompt, tokenizer, tokenizer_failed);
  const std::int64_t positions = tokenizer_failed ? 0 : limit_prompts(prompt, experiment);
  experiment.warmup = WarmupConfig::from(root.child("warmup", "supervised start: `sft`"));
  const Section rewards = root.child("rewards", "learned rewards: `fit-reward`");
  experiment.rewards = RewardsConfig::from(rewards);
  experiment.reward_backbone =
      read_own_backbone(rewards, "backbone of the reward models, if not that of `model`", tokenizer);
  check_own_backbone(rewards, experiment.reward_backbone, positions,
                     "reward models are trained whole; leave `lora` out");
  rewards.read("diversity", experiment.diversity_weight,
               "weight of the rule term: share of distinct categories on the page");
  rewards.read("oracle", experiment.oracle_weight,
               "weight of the simulator's true utility as a reward; needs allow_oracle");
  if (experiment.oracle_weight != 0 && !experiment.allow_oracle)
    rewards.complain(
        "oracle",
        "a policy trained on the simulator's truth proves nothing; set allow_oracle: true if you mean it");
  experiment.terms = read_terms(rewards);
  const Section ppo = root.child("ppo", "reinforcement learning: `train`");
  experiment.ppo = PpoConfig::from(ppo);
  experiment.ppo_optimizer = OptimizerConfig::from(ppo.child("optimizer", "AdamW and its schedule"));
  experiment.reference_on_host = read_reference_place(ppo, experiment.model);
  experiment.ppo.constraints = constraints_of(experiment.terms);
  const Section critic = root.child("critic", "what judges the worth of a state in `train`");
  experiment.critic = CriticConfig::from(critic, experiment.ppo_optimizer);
  experiment.critic_backbone = read_own_backbone(
      critic, "backbone of a separate critic, if it does not start from the warm-up's", tokenizer);
  check_own_backbone(critic, experiment.critic_backbone, positions,
                     "the critic's adapters are `critic.lora`");
  if (experiment.critic.separate())
    experiment.ppo.critic_warmup = experiment.critic.warmup_steps;
  else if (experiment.critic_backbone)
    critic.complain("model", "a shared critic is a head of the policy; set critic.kind: separate");
  ppo.read("checkpoint_every", experiment.checkpoint_every, at_least(1).in_units("iterations"),
           "iterations between checkpoints");
  ppo.read("checkpoints_kept", experiment.checkpoints_kept, at_least(1), "newest checkpoints that are kept");
  ppo.read(
      "best_checkpoint_kept", experiment.best_checkpoint_kept,
      "keep the best checkpoint beside the newest: by the reward on held-out feedback, or without a judge "
      "(`fit-reward` makes it) by the mean training reward of the newest pages");
  ppo.read("rollouts_every", experiment.rollouts_every, at_least(0).in_units("iterations"),
           "iterations between those whose pages are written to rollouts/; 0: none");
  experiment.watch = WatchConfig::from(root.child("watch", "alarms of `train` when the reward is exploited"));
  read_policies(root, experiment.rewards, experiment.policies);
  const auto of_pairs = [](const PolicyVariant& policy) { return policy.page_form == PageModelForm::pairs; };
  if (experiment.ppo.shaping > 0 &&
      std::all_of(experiment.policies.begin(), experiment.policies.end(), of_pairs))
    ppo.complain("shaping",
                 "'shaping' needs the gains of slots, but every policy learns from a page model of pairs; "
                 "set rewards.page.form or a policy's page_model to utility or both");
  experiment.distributed =
      DistributedConfig::from(root.child("distributed", "several processes: `mpirun`, Slurm"));
  if (experiment.device == DeviceChoice::cuda &&
      experiment.distributed.sharding.determinism == Determinism::exact)
    root.complain("device",
                  "on a GPU sums and products do not repeat bit for bit: with device: cuda set "
                  "distributed.determinism: fast");
  experiment.precision =
      PrecisionConfig::from(root.child("precision", "types in which parameters and gradients are kept"));
  experiment.distributed.sharding.gradients = experiment.precision.gradients;
  experiment.distributed.sharding.reduction = experiment.precision.reduction;
  experiment.ppo.narrow = experiment.precision.narrow();
  experiment.evaluation = read_evaluation(root.child("evaluation", "`evaluate`"));
  experiment.simulator = SimulatorConfig::from(root.child("simulator", "the simulated shop: `simulate`"));
  return experiment;
}

PageLanguage Experiment::language() const {
  return PageLanguage(schema, prompt, candidate_order, seed);
}

namespace {

ModelConfig with_vocabulary(ModelConfig config, const LayoutVocabulary& vocabulary) {
  config.vocab_size = vocabulary.size();
  config.layout_begin = vocabulary.layout_begin();
  config.structure_size = vocabulary.structure_size();
  return config;
}

}  // namespace

ModelConfig Experiment::policy_model() const {
  ModelConfig config = with_vocabulary(model, language().vocabulary());
  config.value_head = !critic.separate();
  return config;
}

ModelConfig Experiment::reward_model() const {
  return with_vocabulary(reward_backbone.value_or(model), language().vocabulary());
}

c10::Device Experiment::compute_on(const AcceleratorReport& found, int place) const {
  const c10::Device chosen = compute_device(device, found, place);
  require(chosen.is_cpu() || distributed.sharding.determinism == Determinism::fast,
          "determinism exact is for the CPU: on {} sums and products do not repeat bit for bit; set "
          "distributed.determinism: fast, or device: cpu",
          chosen.str());
  return chosen;
}

ModelConfig Experiment::critic_model() const {
  return critic.model(critic_backbone ? with_vocabulary(*critic_backbone, language().vocabulary())
                                      : policy_model());
}

int Experiment::worker_threads(int ranks, c10::Device on) const {
  if (!on.is_cpu()) return std::max(1, threads);
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / ranks);
}

LoadedExperiment load_experiment(const std::filesystem::path& file, std::span<const std::string> sets) {
  const ConfigFile config = load_config(file, sets);
  LoadedExperiment loaded{read_experiment(config.root()), config, {}, {}};
  config.finish();
  loaded.effective_yaml = effective_yaml(config.keys());
  for (const KeyRecord& key : config.keys().records())
    if (key.kind == KeyRecord::Kind::value) loaded.values[key.path] = key.value;
  check_satisfiable(loaded.experiment.schema);
  return loaded;
}

std::string experiment_reference() {
  const ConfigFile config = reference_config();
  read_experiment(config.root());
  return "# Configuration\n\nEvery key of an experiment file, as the program reads it; this page is made "
         "from the "
         "source. Any key can be given on the command line as well: `--set ppo.iterations=10`.\n\n" +
         configuration_reference_markdown(config.keys());
}

}  // namespace pagewright
