#pragma once
#include <string>
#include <vector>

namespace pagewright {

class Section;

/// What has an attractiveness of its own: an item, an item under a query, or nothing, where it is predicted
/// from what is known of candidate and user.
enum class ClickDocuments { item, query, features };

/// Which pages click models are fitted to and judged on: all, or those of `rewards.gains.uniform_policy`.
enum class ClickPages { all, uniform };

/// The section `rewards.clicks`: what `fit-clicks` fits.
struct ClicksConfig {
  std::vector<std::string> models;  ///< by name; all by default
  ClickDocuments documents = ClickDocuments::item;
  ClickPages pages = ClickPages::all;  ///< of `fit-clicks`; estimators of gains take all
  int iterations = 100;                ///< of EM, at most
  double tolerance = 1e-6;             ///< gain of log-likelihood a page below which EM stops
  double prior_strength = 4;           ///< impressions that a document's prior counts as
  double ridge = 1;                    ///< of the regression on features

  /// Reads and documents every key; problems are collected in the section's errors.
  static ClicksConfig from(const Section& section);
};

/// "item", "query" or "features".
std::string click_documents_name(ClickDocuments documents);
/// The kind of this name. Throws Error for another.
ClickDocuments click_documents(const std::string& name);
/// "all" or "uniform".
std::string click_pages_name(ClickPages pages);
/// The pages of this name. Throws Error for another.
ClickPages click_pages(const std::string& name);

}  // namespace pagewright
