#include "rewards/clicks/click_files.hpp"

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "rewards/clicks/click_models.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// The log's pages without the first `left_out`, so that another set of documents comes, in another order.
FeedbackLog without_first_pages(FeedbackLog log, std::ptrdiff_t left_out) {
  log.pages.erase(log.pages.begin(), log.pages.begin() + left_out);
  return log;
}

/// Click probabilities of all training sessions, and given the clicks before.
std::vector<double> click_predictions(const ClickModel& model, const ClickSessions& sessions) {
  std::vector<double> all, here(static_cast<std::size_t>(sessions.longest()));
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    const std::span<double> slots = std::span(here).first(sessions[s].size());
    model.click_probabilities(sessions[s], slots);
    all.insert(all.end(), slots.begin(), slots.end());
    model.given_earlier_clicks(sessions[s], slots);
    all.insert(all.end(), slots.begin(), slots.end());
  }
  return all;
}

}  // namespace

TEST_CASE("a click model that was read back predicts what the fitted one does, on its log and on another") {
  const World world = test::small_world(5, 400);
  const FeedbackLog log = simulate_log(world), part = without_first_pages(log, 150);
  for (const ClickDocuments documents :
       {ClickDocuments::item, ClickDocuments::query, ClickDocuments::features}) {
    const ClickLog clicks = click_log(log, world.schema(), {}, {documents});
    for (const std::string& name : click_model_names()) {
      CAPTURE(click_documents_name(documents), name);
      ClicksConfig config;
      config.iterations = 5;
      const ClickFitting fitting = fit_click_log(name, clicks, config);
      FittedClicks fitted = fit_clicks(name, clicks, config);
      const test::TemporaryFolder folder;
      write_click_models(folder.path(), {fitted}, 0, {}, clicks.view);
      const StoredClicks stored = read_click_model(folder.path(), name);
      CHECK(stored.view.documents == documents);
      REQUIRE(stored.clicks.held_out);
      CHECK(stored.clicks.held_out->perplexity == fitted.held_out->perplexity);
      CHECK(stored.clicks.train_log_likelihood == fitted.train_log_likelihood);

      const auto model = restore_click_model(stored, clicks.space);
      CHECK(click_predictions(*model, clicks.train) == click_predictions(*fitting.model, clicks.train));
      CHECK(click_quality(*model, clicks.valid).perplexity == fitted.held_out->perplexity);

      // The same pages in another space: other indices, and features that were never scaled by this log.
      const ClickLog other = click_log(part, world.schema(), {}, stored.view);
      std::vector<double> expected = click_predictions(*fitting.model, clicks.train);
      const std::vector<double> found =
          click_predictions(*restore_click_model(stored, other.space), other.train);
      REQUIRE(found.size() < expected.size());
      expected.erase(expected.begin(), expected.end() - static_cast<std::ptrdiff_t>(found.size()));
      CHECK(found == expected);
    }
  }
}

TEST_CASE("a click model takes a new document for the mean of its log, and refuses a new place") {
  ClickLog clicks;
  clicks.space = list_space(2, 2);
  for (int i = 0; i < 40; ++i)
    clicks.train.add_list(std::vector<int>{i % 2, (i + 1) % 2},
                          std::vector<std::uint8_t>{i % 4 == 0, i % 8 == 0});
  ClicksConfig config;
  const FittedClicks fitted = fit_clicks("pbm", clicks, config);
  const test::TemporaryFolder folder;
  write_click_models(folder.path(), {fitted}, 0, {}, clicks.view);
  const StoredClicks stored = read_click_model(folder.path(), "pbm");

  ClickSpace more = clicks.space;
  more.documents.push_back("new");
  const auto attractiveness = [](const ClickModel& model) { return model.parameters().at(0).values; };
  const std::vector<double> values = attractiveness(*restore_click_model(stored, more));
  REQUIRE(values.size() == 3);
  CHECK(values[0] == fitted.parameters.at(0).values[0]);
  REQUIRE(fitted.parameters.at(0).otherwise);
  CHECK(values[2] == *fitted.parameters.at(0).otherwise);

  ClickSpace wider = clicks.space;
  wider.positions.push_back("grid row 4 column 1");
  CHECK(test::contains(test::error_text([&] { restore_click_model(stored, wider); }),
                       "the click model pbm has no examination of 'grid row 4 column 1'"));
}

TEST_CASE("files of click models that are older or newer are read or refused by what they lack") {
  ClickLog clicks;
  clicks.space = list_space(2, 1);
  for (int i = 0; i < 8; ++i)
    clicks.train.add_list(std::vector<int>{i % 2}, std::vector<std::uint8_t>{i % 4 == 0});
  const test::TemporaryFolder folder;
  write_click_models(folder.path(), {fit_clicks("pbm", clicks, {})}, 0, {}, clicks.view);
  const auto change = [&](auto&& edit) {
    auto json = nlohmann::json::parse(read_file(folder.path() / "pbm.json"));
    edit(json);
    write_file_atomically(folder.path() / "pbm.json", json.dump());
  };
  change([](nlohmann::json& json) {
    json["version"] = 1;
    for (const char* key : {"unknown_documents", "features", "pages"}) json.erase(key);
  });
  const StoredClicks old = read_click_model(folder.path(), "pbm");
  CHECK(old.view.pages == ClickPages::all);
  CHECK_NOTHROW(restore_click_model(old, clicks.space));
  ClickSpace more = clicks.space;
  more.documents.push_back("new");
  CHECK(test::contains(test::error_text([&] { restore_click_model(old, more); }),
                       "no attractiveness of 'new'"));
  change([](nlohmann::json& json) { json["version"] = 3; });
  CHECK(test::contains(test::error_text([&] { read_click_model(folder.path(), "pbm"); }), "newer"));
  change([](nlohmann::json& json) {
    json["version"] = 2;
    json.erase("parameters");
  });
  CHECK(test::contains(test::error_text([&] { read_click_model(folder.path(), "pbm"); }), "pbm.json"));
}

}  // namespace pagewright
