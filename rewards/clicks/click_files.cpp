#include "rewards/clicks/click_files.hpp"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {
namespace {

constexpr const char* kClickModelFormat = "pagewright-click-model";
constexpr const char* kClickChoiceFormat = "pagewright-click-choice";
constexpr int kClickFilesVersion = 1;

nlohmann::json click_quality_json(const std::optional<ClickQuality>& quality) {
  if (!quality) return nullptr;
  return {{"pages", quality->sessions},
          {"log_likelihood", quality->log_likelihood},
          {"perplexity", quality->perplexity},
          {"perplexity_by_rank", quality->perplexity_by_rank}};
}

nlohmann::json click_model_json(const FittedClicks& clicks, ClickDocuments documents) {
  nlohmann::json json = {{"format", kClickModelFormat},
                         {"version", kClickFilesVersion},
                         {"model", clicks.model},
                         {"documents", click_documents_name(documents)},
                         {"iterations", clicks.iterations},
                         {"train_log_likelihood", clicks.train_log_likelihood},
                         {"held_out", click_quality_json(clicks.held_out)},
                         {"examination_by_slot", nullptr},
                         {"parameters", nlohmann::json::object()}};
  if (!clicks.examination_by_slot.empty()) json["examination_by_slot"] = clicks.examination_by_slot;
  for (const ClickParameters& kind : clicks.parameters) {
    nlohmann::json& values = json["parameters"][kind.name] = nlohmann::json::object();
    for (std::size_t i = 0; i < kind.keys.size(); ++i) values[kind.keys[i]] = kind.values[i];
  }
  return json;
}

/// A file of ours, checked for format and version.
nlohmann::json read_click_file(const std::filesystem::path& file, const std::string& format) {
  require(std::filesystem::exists(file), "{} is not there; run `pagewright fit-clicks` first", file.string());
  try {
    auto json = nlohmann::json::parse(read_file(file));
    require(json.at("format") == format, "{}: this is no {} file", file.string(), format);
    require(json.at("version").get<int>() <= kClickFilesVersion,
            "{}: format version {} is newer than this program knows ({}); use the program that wrote it",
            file.string(), json.at("version").get<int>(), kClickFilesVersion);
    return json;
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}; run `pagewright fit-clicks` again", file.string(), error.what());
  }
}

}  // namespace

const std::vector<std::string>& models_with_examination() {
  static const std::vector<std::string> kNames{"pbm", "trust_pbm", "carousel"};
  return kNames;
}

void write_click_models(const std::filesystem::path& folder, const std::vector<FittedClicks>& fitted,
                        std::size_t chosen, const PositionIdentification& identification,
                        ClickDocuments documents) {
  make_folders(folder);
  nlohmann::json choice = {
      {"format", kClickChoiceFormat},
      {"version", kClickFilesVersion},
      {"chosen", fitted.at(chosen).model},
      {"by", fitted[chosen].held_out ? "held-out perplexity" : "training log-likelihood"},
      {"documents", click_documents_name(documents)},
      {"identification",
       {{"identified", identification.identified()},
        {"documents", identification.documents},
        {"documents_at_two_positions", identification.documents_two},
        {"positions", identification.positions},
        {"groups", identification.groups},
        {"uniform_pages", identification.uniform_pages},
        {"text", identification_text(identification, documents)}}},
      {"models", nlohmann::json::object()}};
  for (const FittedClicks& clicks : fitted) {
    write_file_atomically(folder / (clicks.model + ".json"),
                          click_model_json(clicks, documents).dump(2) + "\n");
    choice["models"][clicks.model] = click_quality_json(clicks.held_out);
  }
  write_file_atomically(folder / "choice.json", choice.dump(2) + "\n");
}

std::map<std::string, double> read_click_parameters(const std::filesystem::path& folder,
                                                    const std::string& model, const std::string& kind) {
  const std::filesystem::path file = folder / (model + ".json");
  require(std::filesystem::exists(file),
          "{} is not there; name {} in rewards.clicks.models and run `pagewright fit-clicks` first",
          file.string(), model);
  const nlohmann::json json = read_click_file(file, kClickModelFormat);
  try {
    return json.at("parameters").at(kind).get<std::map<std::string, double>>();
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}; run `pagewright fit-clicks` again", file.string(), error.what());
  }
}

std::vector<double> read_click_examination(const std::filesystem::path& folder,
                                           const std::optional<std::string>& model) {
  const std::filesystem::path choice = folder / "choice.json";
  const nlohmann::json chosen = read_click_file(choice, kClickChoiceFormat);
  try {
    const std::string name = model ? *model : chosen.at("chosen").get<std::string>();
    require(chosen.at("models").contains(name),
            "{}: the click model '{}' was not fitted; add it to rewards.clicks.models and run `pagewright "
            "fit-clicks` again",
            choice.string(), name);
    const std::filesystem::path file = folder / (name + ".json");
    const nlohmann::json json = read_click_file(file, kClickModelFormat);
    require(!json.at("examination_by_slot").is_null(),
            "{}: in the click model '{}' examination depends on more than the position, so it gives no "
            "propensities; set rewards.gains.click_model to one of {}",
            file.string(), name, fmt::join(models_with_examination(), ", "));
    return json.at("examination_by_slot").get<std::vector<double>>();
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}; run `pagewright fit-clicks` again", folder.string(), error.what());
  }
}

}  // namespace pagewright
