#include "rewards/clicks/click_files.hpp"

#include <algorithm>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "rewards/clicks/click_models.hpp"

namespace pagewright {
namespace {

constexpr const char* kClickModelFormat = "pagewright-click-model";
constexpr const char* kClickChoiceFormat = "pagewright-click-choice";
constexpr int kClickFilesVersion = 2;

nlohmann::json click_quality_json(const std::optional<ClickQuality>& quality) {
  if (!quality) return nullptr;
  return {{"pages", quality->sessions},
          {"log_likelihood", quality->log_likelihood},
          {"perplexity", quality->perplexity},
          {"perplexity_by_rank", quality->perplexity_by_rank}};
}

std::optional<ClickQuality> click_quality_from(const nlohmann::json& json) {
  if (json.is_null()) return std::nullopt;
  ClickQuality quality;
  json.at("pages").get_to(quality.sessions);
  json.at("log_likelihood").get_to(quality.log_likelihood);
  json.at("perplexity").get_to(quality.perplexity);
  json.at("perplexity_by_rank").get_to(quality.perplexity_by_rank);
  return quality;
}

nlohmann::json click_model_json(const FittedClicks& clicks, const ClickView& view) {
  nlohmann::json json = {{"format", kClickModelFormat},
                         {"version", kClickFilesVersion},
                         {"model", clicks.model},
                         {"documents", click_documents_name(view.documents)},
                         {"pages", click_pages_name(view.pages)},
                         {"iterations", clicks.iterations},
                         {"train_log_likelihood", nullptr},
                         {"held_out", click_quality_json(clicks.held_out)},
                         {"examination_by_slot", nullptr},
                         {"parameters", nlohmann::json::object()},
                         {"unknown_documents", nlohmann::json::object()},
                         {"features", nlohmann::json::array()}};
  if (clicks.train_log_likelihood) json["train_log_likelihood"] = *clicks.train_log_likelihood;
  if (!clicks.examination_by_slot.empty()) json["examination_by_slot"] = clicks.examination_by_slot;
  for (const ClickParameters& kind : clicks.parameters) {
    nlohmann::json& values = json["parameters"][kind.name] = nlohmann::json::object();
    for (std::size_t i = 0; i < kind.keys.size(); ++i) values[kind.keys[i]] = kind.values[i];
    if (kind.otherwise) json["unknown_documents"][kind.name] = *kind.otherwise;
  }
  for (const FeatureScale& scale : view.scales)
    json["features"].push_back({{"name", scale.name}, {"mean", scale.mean}, {"deviation", scale.deviation}});
  return json;
}

StoredClicks stored_clicks_from(const nlohmann::json& json) {
  StoredClicks stored;
  FittedClicks& clicks = stored.clicks;
  json.at("model").get_to(clicks.model);
  json.at("iterations").get_to(clicks.iterations);
  if (const auto& train = json.at("train_log_likelihood"); !train.is_null())
    clicks.train_log_likelihood = train.get<double>();
  clicks.held_out = click_quality_from(json.at("held_out"));
  if (const auto& slots = json.at("examination_by_slot"); !slots.is_null())
    slots.get_to(clicks.examination_by_slot);
  // Version 1 lacks what is only needed to predict again.
  const nlohmann::json unknown = json.value("unknown_documents", nlohmann::json::object());
  for (const auto& [name, values] : json.at("parameters").items()) {
    ClickParameters& kind = clicks.parameters.emplace_back();
    kind.name = name;
    for (const auto& [key, value] : values.items()) {
      kind.keys.push_back(key);
      kind.values.push_back(value.get<double>());
    }
    if (unknown.contains(name)) kind.otherwise = unknown.at(name).get<double>();
  }
  stored.view.documents = click_documents(json.at("documents").get<std::string>());
  stored.view.pages = click_pages(json.value("pages", "all"));
  for (const nlohmann::json& scale : json.value("features", nlohmann::json::array()))
    stored.view.scales.push_back({scale.at("name").get<std::string>(), scale.at("mean").get<double>(),
                                  scale.at("deviation").get<double>()});
  return stored;
}

/// What `from` makes of a file of ours, checked for format and version.
template <class From>
auto read_click_file(const std::filesystem::path& file, const std::string& format, From&& from) {
  require(std::filesystem::exists(file), "{} is not there; run `pagewright fit-clicks` first", file.string());
  try {
    const auto json = nlohmann::json::parse(read_file(file));
    require(json.at("format") == format, "{}: this is no {} file", file.string(), format);
    require(json.at("version").template get<int>() <= kClickFilesVersion,
            "{}: format version {} is newer than this program knows ({}); use the program that wrote it",
            file.string(), json.at("version").template get<int>(), kClickFilesVersion);
    return from(json);
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
                        const ClickView& view) {
  make_folders(folder);
  nlohmann::json choice = {
      {"format", kClickChoiceFormat},
      {"version", kClickFilesVersion},
      {"chosen", fitted.at(chosen).model},
      {"by", fitted[chosen].held_out ? "held-out perplexity" : "training log-likelihood"},
      {"documents", click_documents_name(view.documents)},
      {"pages", click_pages_name(view.pages)},
      {"identification",
       {{"identified", identification.identified()},
        {"documents", identification.documents},
        {"documents_at_two_positions", identification.documents_two},
        {"positions", identification.positions},
        {"groups", identification.groups},
        {"uniform_pages", identification.uniform_pages},
        {"text", identification_text(identification, view.documents)}}},
      {"models", nlohmann::json::object()}};
  for (const FittedClicks& clicks : fitted) {
    write_file_atomically(folder / (clicks.model + ".json"), click_model_json(clicks, view).dump(2) + "\n");
    choice["models"][clicks.model] = click_quality_json(clicks.held_out);
  }
  write_file_atomically(folder / "choice.json", choice.dump(2) + "\n");
}

StoredClicks read_click_model(const std::filesystem::path& folder, const std::string& model) {
  const std::filesystem::path file = folder / (model + ".json");
  require(std::filesystem::exists(file),
          "{} is not there; name {} in rewards.clicks.models and run `pagewright fit-clicks` first",
          file.string(), model);
  return read_click_file(file, kClickModelFormat, stored_clicks_from);
}

std::unique_ptr<ClickModel> restore_click_model(const StoredClicks& stored, const ClickSpace& space) {
  auto model = make_click_model(stored.clicks.model);
  model->start(space, {});
  model->take(stored.clicks.parameters);
  return model;
}

ClickChoice read_click_choice(const std::filesystem::path& folder) {
  return read_click_file(folder / "choice.json", kClickChoiceFormat, [](const nlohmann::json& json) {
    ClickChoice choice;
    json.at("chosen").get_to(choice.chosen);
    json.at("by").get_to(choice.by);
    choice.pages = click_pages(json.value("pages", "all"));
    json.at("identification").at("text").get_to(choice.identification);
    for (const std::string& model : click_model_names())
      if (json.at("models").contains(model)) choice.models.push_back(model);
    return choice;
  });
}

std::map<std::string, double> read_click_parameters(const std::filesystem::path& folder,
                                                    const std::string& model, const std::string& kind) {
  const StoredClicks stored = read_click_model(folder, model);
  const auto found = std::ranges::find(stored.clicks.parameters, kind, &ClickParameters::name);
  require(found != stored.clicks.parameters.end(), "{}: there is no '{}'; run `pagewright fit-clicks` again",
          (folder / (model + ".json")).string(), kind);
  std::map<std::string, double> by_key;
  for (std::size_t i = 0; i < found->keys.size(); ++i) by_key[found->keys[i]] = found->values[i];
  return by_key;
}

std::vector<double> read_click_examination(const std::filesystem::path& folder,
                                           const std::optional<std::string>& model) {
  const ClickChoice choice = read_click_choice(folder);
  const std::string name = model.value_or(choice.chosen);
  require(std::ranges::find(choice.models, name) != choice.models.end(),
          "{}: the click model '{}' was not fitted; add it to rewards.clicks.models and run `pagewright "
          "fit-clicks` again",
          (folder / "choice.json").string(), name);
  std::vector<double> examination = read_click_model(folder, name).clicks.examination_by_slot;
  require(!examination.empty(),
          "{}: in the click model '{}' examination depends on more than the position, so it gives no "
          "propensities; set rewards.gains.click_model to one of {}",
          (folder / (name + ".json")).string(), name, fmt::join(models_with_examination(), ", "));
  return examination;
}

}  // namespace pagewright
