// What would change on the site, and for whom.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "launch/report/html.hpp"
#include "launch/report/sections.hpp"
#include "launch/report/site_changes.hpp"
#include "launch/report/slices.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kChangesShown = 5;

std::string change_row(const ShareChange& change, double largest) {
  const double width = largest > 0 ? 50 * std::abs(change.change()) / largest : 0;
  return fmt::format(
      "<tr><th>{}</th><td>{}</td><td>{}</td><td class=\"bar\"><i class=\"{}\" "
      "style=\"{}:50%;width:{:.1f}%\"></i></td>"
      "<td>{}</td></tr>\n",
      escape_html(change.value), percent_text(change.before), percent_text(change.after),
      change.change() >= 0 ? "up" : "down", change.change() >= 0 ? "left" : "right", width,
      fmt::format("{}{:.1f}", change.change() < 0 ? "\u2212" : "+", 100 * std::abs(change.change())));
}

/// The most promoted and the most demoted values.
std::string change_table(const std::string& title, const std::vector<ShareChange>& changes) {
  std::vector<ShareChange> shown = changes;
  if (shown.size() > 2 * kChangesShown) {
    shown.assign(changes.begin(), changes.begin() + kChangesShown);
    shown.insert(shown.end(), changes.end() - kChangesShown, changes.end());
  }
  double largest = 0;
  for (const ShareChange& change : shown) largest = std::max(largest, std::abs(change.change()));
  std::string html = fmt::format(
      "<div class=\"scroll\"><table "
      "class=\"changes\"><caption>{}{}</caption><thead><tr><th></th><th>before</th>"
      "<th>after</th><th></th><th>points</th></tr></thead><tbody>\n",
      title,
      changes.size() > shown.size()
          ? fmt::format(", the {} most promoted and demoted of {}", kChangesShown, changes.size())
          : "");
  for (const ShareChange& change : shown) html += change_row(change, largest);
  return html + "</tbody></table></div>\n";
}

std::string share_tile(const std::string& words, double share) {
  return fmt::format("<div class=\"tile-figure\"><b>{}</b><span>{}</span></div>\n", percent_text(share),
                     words);
}

const char* slice_class(const Estimate& difference) {
  return difference.high < 0 ? "bad" : difference.low > 0 ? "good" : "open";
}

std::string slice_row(const SliceResult& slice) {
  const Estimate& estimate = slice.difference;
  const double base = slice.baseline > 0 ? slice.baseline : kNotMeasured;
  const char* kind = slice_class(estimate);
  const char* words = kind[0] == 'b' ? "loses" : kind[0] == 'g' ? "wins" : "not shown";
  return fmt::format(
      "<tr><th>{}: {}</th><td>{}</td><td>{}</td><td>{}</td><td>{} to {}</td><td><b "
      "class=\"{}\">{}</b></td></tr>\n",
      escape_html(slice.name.first), escape_html(slice.name.second), count_text(estimate.n),
      signed_text(estimate.mean), signed_percent(estimate.mean / base), signed_percent(estimate.low / base),
      signed_percent(estimate.high / base), kind, words);
}

std::string losing_words(const std::vector<SliceResult>& slices) {
  std::string losers;
  for (const SliceResult& slice : slices)
    if (slice.difference.high < 0)
      losers += (losers.empty() ? "" : "; ") + slice.name.first + ": " + slice.name.second;
  const std::string chance = fmt::format(
      " With {} slices, about {:.1f} would look like losers by chance alone if nothing changed for anyone.",
      slices.size(), 0.025 * static_cast<double>(slices.size()));
  const std::string text = losers.empty() ? "No slice is shown to lose." : "Shown to lose: " + losers + ".";
  return "<p><b>" + escape_html(text) + "</b>" + chance + "</p>\n";
}

}  // namespace

std::string changes_section(const ReportData& data) {
  std::string html = "<section id=\"changes\"><h2>What would change on the site</h2>\n";
  if (data.examples.empty()) return html + missing_note(data.examples_problem) + "</section>\n";
  const SiteChanges changes = site_changes(data.examples, data.policy, data.baseline);
  if (changes.pages == 0)
    return html + missing_note("There are no pages of both policies to compare.") + "</section>\n";
  html +=
      fmt::format("<p>On the same {} requests, if “{}” took over from “{}”:</p>\n<div class=\"figures\">\n",
                  count_text(changes.pages), escape_html(data.policy), escape_html(data.baseline));
  html += share_tile("of pages change", changes.pages_changed) +
          share_tile("of first slots show another item", changes.first_changed) +
          share_tile("of slots show an item that was not on the page", changes.slots_new) + "</div>\n";
  html += "<p>Share of all slots by kind of item:</p>\n<div class=\"columns\">\n" +
          change_table("Categories", changes.categories) + change_table("Brands", changes.brands) +
          change_table("Prices", changes.price_bands);
  return html + "</div></section>\n";
}

std::string slices_section(const ReportData& data) {
  std::string html = "<section id=\"slices\"><h2>For whom it loses</h2>\n";
  if (data.examples.empty()) return html + missing_note(data.examples_problem) + "</section>\n";
  const PageMeasure measure = page_measure(data.examples);
  const auto slices =
      compare_slices(data.examples, data.policy, data.baseline, measure.metric, data.bootstrap);
  if (slices.empty())
    return html +
           missing_note(
               "No part of the requests could be compared: one of the policies was not evaluated, or all "
               "requests are alike.") +
           "</section>\n";
  html += losing_words(slices);
  html += fmt::format(
      "<div class=\"scroll\"><table><caption>Change in {} of “{}” over “{}”, same requests, 95 % intervals "
      "by "
      "shopper, losers first</caption>"
      "<thead><tr><th>slice</th><th>requests</th><th>change</th><th>in "
      "percent</th><th>interval</th><th></th></tr>"
      "</thead><tbody>\n",
      escape_html(measure.words), escape_html(data.policy), escape_html(data.baseline));
  for (const SliceResult& slice : slices) html += slice_row(slice);
  return html + "</tbody></table></div></section>\n";
}

}  // namespace pagewright
