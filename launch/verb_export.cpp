// `pagewright export`: a policy as a folder for other programs and for serving.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "launch/config_options.hpp"
#include "launch/export/export_model.hpp"
#include "launch/run_folder.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

namespace {

struct ExportOptions {
  std::string policy = "both";
  std::filesystem::path folder;
  at::ScalarType dtype = at::kFloat;
  bool adapters = false;
};

/// The exported form of the model that adapters belong on, written now if no earlier export is there.
std::filesystem::path exported_base(const LoadedExperiment& loaded, const PageLanguage& language,
                                    const RunFolder& run, const std::string& name) {
  const std::filesystem::path folder = std::filesystem::absolute(run.file("export") / name);
  if (std::filesystem::exists(folder / "config.json")) return folder;
  ModelFolderInfo info;
  const FlatParameters parameters =
      load_model(run.policy(name), loaded.experiment.policy_model(), "policy", language.hash(), &info);
  export_model(folder, {loaded, language, parameters.view(), info}, at::kFloat);
  return folder;
}

void run_export(const ConfigOptions& config, const ExportOptions& options) {
  const LoadedExperiment loaded = config.load();
  const Experiment& experiment = loaded.experiment;
  const RunFolder run = RunFolder::open(loaded);
  const PageLanguage language = experiment.language();
  ModelFolderInfo info;
  const FlatParameters parameters =
      load_model(run.policy(options.policy), experiment.policy_model(), "policy", language.hash(), &info);
  const std::filesystem::path folder =
      options.folder.empty() ? run.file("export") / options.policy : options.folder;
  const ExportRequest request{loaded, language, parameters.view(), info};
  if (options.adapters) {
    require(info.base.has_value(), "{} has no adapters: it was not trained with model.lora", options.policy);
    const std::filesystem::path base = exported_base(loaded, language, run, info.base->name);
    export_adapters(folder, request, base);
    fmt::print("the adapters of {} are in {}; they belong on {} in {}\n", options.policy, folder.string(),
               info.base->name, base.string());
    return;
  }
  export_model(folder, request, options.dtype);
  fmt::print("{} is in {}\n", options.policy, folder.string());
  if (!language.prompt_template().is_plain_tokens())
    fmt::print(
        "Its prompts sum several embeddings at a position (`fused`, `placed_features`), which Pagewright "
        "alone does: "
        "other programs can load the weights, but not render its prompts.\n");
  if (experiment.model.layout_head == LayoutHeadKind::pointer)
    fmt::print(
        "Items are scored by the pointer head in heads.safetensors, which other programs do not know; with "
        "`model.layout_head: tokens` they give the same pages.\n");
}

}  // namespace

void add_export_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "export",
      "write a policy as a Hugging Face folder (config.json, safetensors, tokenizer with the page's tokens) "
      "with the "
      "page's schema, prompt template and grammar beside it, for `transformers`, for serving engines and for "
      "`pagewright generate FOLDER`");
  auto config = add_config_options(*verb);
  auto options = std::make_shared<ExportOptions>();
  verb->add_option("--policy", options->policy, "policy of the run, by name")->capture_default_str();
  verb->add_option("--out", options->folder,
                   "folder to write; otherwise RUN/export/POLICY. An earlier one is replaced");
  verb->add_option("--dtype", options->dtype, "type of the weights")
      ->transform(CLI::CheckedTransformer(std::map<std::string, at::ScalarType>{
          {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}}))
      ->default_str("float32");
  verb->add_flag(
      "--adapters", options->adapters,
      "write the adapters of a policy trained with model.lora alone, in the form of the Python package "
      "peft; they belong on the exported model that they were trained on (RUN/export/warmup), which is "
      "written as well if it is not there. Otherwise they are merged");
  verb->callback([config, options] { run_export(*config, *options); });
}

}  // namespace pagewright
