#include "launch/export/export_model.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/file.hpp"
#include "core/config/config_value.hpp"
#include "core/model/hf_checkpoint.hpp"
#include "core/model/lora.hpp"
#include "core/model/peft_export.hpp"
#include "launch/export/grammar_text.hpp"

namespace pagewright {

namespace {

std::string language_text(const PageLanguage& language, const std::string& hash) {
  const PromptTemplate& prompt = language.prompt_template();
  nlohmann::ordered_json tokens = nlohmann::ordered_json::object();
  for (TokenId id = prompt.table_begin(); id < language.vocabulary().size(); ++id)
    tokens[language.token_name(id)] = id;
  const nlohmann::ordered_json json = {
      {"format", "pagewright-page-language"},
      {"format_version", 1},
      {"hash", hash},
      {"candidate_order", language.order_kind() == CandidateOrderKind::shuffled ? "shuffled" : "logged"},
      {"placed_items_carry_features", prompt.placed_items_carry_features()},
      {"plain_tokens", prompt.is_plain_tokens()},
      {"layout_begin", language.vocabulary().layout_begin()},
      {"tokens", tokens}};
  return json.dump(2) + "\n";
}

/// With the page's end as the token to stop at.
std::string generation_text(const WeightsView& weights, const PageLanguage& language) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const std::filesystem::path& source = weights.config().path;
  if (!source.empty())
    if (const std::string text = generation_config_in(source); !text.empty())
      json = nlohmann::ordered_json::parse(text);
  json["eos_token_id"] = language.vocabulary().page_end();
  json["max_new_tokens"] = language.schema().max_response_tokens();
  return json.dump(2) + "\n";
}

/// Names that the tokenizer lacks: none if it was exported with them already.
std::vector<std::string> added_names(const PageLanguage& language) {
  const PromptTemplate& prompt = language.prompt_template();
  return prompt.tokenizer()->size() > prompt.table_begin() ? std::vector<std::string>()
                                                           : language.added_token_names();
}

/// The hash of the language as it is read from the folder again, whose tokenizer has our tokens.
std::string language_of(const std::filesystem::path& folder, const PageLanguage& language) {
  if (!language.prompt_template().tokenizer()) return language.hash();
  const std::string path = "model.path=" + yaml_scalar(std::filesystem::absolute(folder));
  return load_experiment(folder / kExportedExperiment, std::span(&path, 1)).experiment.language().hash();
}

/// What is the same for whole models and for adapters.
void write_language(const std::filesystem::path& folder, const ExportRequest& request) {
  if (const auto& tokenizer = request.language.prompt_template().tokenizer())
    tokenizer->write_with_added(folder, added_names(request.language));
  // Nothing that is exported needs the reward models or a critic, whose backbones may lie in folders
  // elsewhere.
  write_file_atomically(folder / kExportedExperiment,
                        effective_yaml(request.loaded.file.keys(), {"rewards.model", "critic.model"}));
  write_file_atomically(folder / "page_grammar.gbnf", page_grammar_text(request.language));
}

}  // namespace

void export_model(const std::filesystem::path& folder, const ExportRequest& request, at::ScalarType dtype) {
  const PageLanguage& language = request.language;
  make_folders(std::filesystem::absolute(folder).parent_path());
  AtomicFolder target(folder);
  const std::filesystem::path& place = target.path();
  const WeightsView whole = merged_weights(request.weights);
  write_weights(place, whole, dtype, generation_text(whole, language));
  write_language(place, request);
  ModelFolderInfo info = request.info;
  info.language = language_of(place, language);
  info.base.reset();
  write_model_info(place, info);
  write_file_atomically(place / "page_language.json", language_text(language, info.language));
  target.publish(AtomicFolder::Existing::replace);
}

void export_adapters(const std::filesystem::path& folder, const ExportRequest& request,
                     const std::filesystem::path& base) {
  make_folders(std::filesystem::absolute(folder).parent_path());
  AtomicFolder target(folder);
  write_peft_adapters(target.path(), request.weights, std::filesystem::absolute(base).string());
  write_language(target.path(), request);
  write_file_atomically(target.path() / "page_language.json",
                        language_text(request.language, request.language.hash()));
  target.publish(AtomicFolder::Existing::replace);
}

}  // namespace pagewright
