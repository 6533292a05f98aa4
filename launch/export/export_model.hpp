#pragma once
// A trained policy as a folder that other programs load.

#include <filesystem>
#include <string>

#include <ATen/core/ScalarType.h>

#include "core/model/weights_view.hpp"
#include "launch/experiment.hpp"
#include "launch/model_folder.hpp"

namespace pagewright {

/// The experiment in an exported folder.
inline constexpr const char* kExportedExperiment = "pagewright.yaml";

/// What `export` writes.
struct ExportRequest {
  const LoadedExperiment& loaded;
  const PageLanguage& language;
  WeightsView weights;
  ModelFolderInfo info;
};

/// Writes, as one folder that appears whole or replaces the earlier one:
///   config.json, model.safetensors, generation_config.json, tokenizer.json, tokenizer_config.json,
///   chat_template.jinja   for `transformers` heads.safetensors       heads that `transformers` does not know
///   page_language.json ids and spellings of all tokens beyond the base vocabulary page_grammar.gbnf the form
///   of pages pagewright.yaml         the experiment, from which schema and template are read again
///   model.json              as in the run folder
/// Without a tokenizer (a model from scratch) the tokenizer's files are left out.
/// Adapters are merged.
void export_model(const std::filesystem::path& folder, const ExportRequest& request, at::ScalarType dtype);

/// The same of the adapters alone, as the Python package `peft` reads them (adapter_config.json,
/// adapter_model.safetensors), for the exported model in the folder `base`.
void export_adapters(const std::filesystem::path& folder, const ExportRequest& request,
                     const std::filesystem::path& base);

}  // namespace pagewright
