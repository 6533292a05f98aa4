#include "rewards/clicks/clicks_config.hpp"

#include <algorithm>
#include <map>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/config/section.hpp"
#include "rewards/clicks/click_models.hpp"

namespace pagewright {

namespace {

const std::map<std::string, ClickDocuments>& click_documents_by_name() {
  static const std::map<std::string, ClickDocuments> kNames{{"item", ClickDocuments::item},
                                                            {"query", ClickDocuments::query},
                                                            {"features", ClickDocuments::features}};
  return kNames;
}

}  // namespace

std::string click_documents_name(ClickDocuments documents) {
  for (const auto& [name, known] : click_documents_by_name())
    if (known == documents) return name;
  fail("click models: unknown kind of documents {}", static_cast<int>(documents));
}

ClickDocuments click_documents(const std::string& name) {
  const auto found = click_documents_by_name().find(name);
  require(found != click_documents_by_name().end(), "click models: there are no documents called '{}'", name);
  return found->second;
}

std::string click_pages_name(ClickPages pages) {
  return pages == ClickPages::all ? "all" : "uniform";
}

ClickPages click_pages(const std::string& name) {
  for (const ClickPages pages : {ClickPages::all, ClickPages::uniform})
    if (click_pages_name(pages) == name) return pages;
  fail("click models: there are no pages called '{}'", name);
}

ClicksConfig ClicksConfig::from(const Section& section) {
  ClicksConfig config;
  config.models = click_model_names();
  section.read("models", config.models, "click models to fit and compare, by name");
  const std::vector<std::string>& known = click_model_names();
  for (const std::string& name : config.models)
    if (std::find(known.begin(), known.end(), name) == known.end())
      section.complain("models", fmt::format("there is no click model called '{}'; there are {}", name,
                                             fmt::join(known, ", ")));
  if (config.models.empty()) section.complain("models", "name at least one click model");
  section.read_enum("documents", config.documents,
                    {{"item", ClickDocuments::item},
                     {"query", ClickDocuments::query},
                     {"features", ClickDocuments::features}},
                    "what has an attractiveness of its own: an item, an item under a query text, or nothing: "
                    "it is predicted from candidate and history by a logistic regression (regression-EM), "
                    "for logs whose items are rarely shown");
  section.read_enum("pages", config.pages, {{"all", ClickPages::all}, {"uniform", ClickPages::uniform}},
                    "pages that `fit-clicks` takes: all, or those of rewards.gains.uniform_policy alone, on "
                    "which nothing but chance put an item where it was");
  section.read("iterations", config.iterations, at_least(1), "EM iterations at most");
  section.read("tolerance", config.tolerance, at_least(0),
               "EM stops when an iteration raises the log-likelihood a page by less than this");
  section.read("prior_strength", config.prior_strength, above(0).in_units("impressions"),
               "how strongly documents are drawn to the mean attractiveness of the log");
  section.read("ridge", config.ridge, at_least(0),
               "weight of half the squared weights of the regression on features");
  return config;
}

}  // namespace pagewright
