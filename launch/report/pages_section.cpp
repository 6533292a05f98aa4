#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/page/currency.hpp"
#include "launch/report/html.hpp"
#include "launch/report/page_drawing.hpp"
#include "launch/report/sections.hpp"
#include "launch/report/verdict.hpp"

namespace pagewright {
namespace {

/// What the user did with each candidate on the page shown.
std::map<std::int32_t, SlotFeedback> feedback_of_items(const PageExample& example) {
  std::map<std::int32_t, SlotFeedback> feedback;
  const std::vector<std::int32_t> items = example.shown.items();
  for (std::size_t slot = 0; slot < items.size() && slot < example.feedback.size(); ++slot)
    feedback[items[slot]] = example.feedback[slot];
  return feedback;
}

std::vector<SlotNote> slot_notes(const PageExample& example, const Page& page, const Page* other,
                                 const std::vector<SlotReason>& reasons) {
  const auto feedback = feedback_of_items(example);
  const std::vector<std::int32_t> items = page.items();
  const std::vector<std::int32_t> others = other != nullptr ? other->items() : std::vector<std::int32_t>{};
  std::vector<SlotNote> notes(items.size());
  for (std::size_t slot = 0; slot < items.size(); ++slot) {
    if (const auto found = feedback.find(items[slot]); found != feedback.end()) {
      notes[slot].clicked = found->second.clicks > 0;
      notes[slot].carted = found->second.carts > 0;
      notes[slot].bought = found->second.purchases > 0;
    }
    if (other != nullptr) {
      const auto place = std::find(others.begin(), others.end(), items[slot]);
      notes[slot].fresh = place == others.end();
      if (place != others.end()) notes[slot].other_slot = static_cast<int>(place - others.begin());
    }
    if (slot < reasons.size()) notes[slot].why = reason_note(example.request, reasons[slot], slot == 0);
  }
  return notes;
}

std::string currency_of(const Request& request) {
  for (const Item& item : request.candidates)
    if (item.price) return item.currency;
  return std::string(kNoCurrency);
}

std::string metric_line(const Request& request, const PageMetrics& metrics,
                        const std::optional<double>& reward) {
  std::string text;
  const auto add_text = [&](const char* name, const std::string& value) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " · ", name, value);
  };
  const auto add = [&](const char* name, double value) {
    if (!std::isnan(value)) add_text(name, number_text(value));
  };
  add("true worth", metrics.true_utility);
  add("true clicks a slot", metrics.true_ctr);
  if (!std::isnan(metrics.true_gmv))
    add_text("true revenue", escape_html(price_text(std::llround(metrics.true_gmv), currency_of(request))));
  add("NDCG", metrics.ndcg);
  if (reward) add("learned page reward", *reward);
  return text.empty() ? text : "<p class=\"metrics\">" + text + "</p>\n";
}

std::string example_html(const ReportData& data, const ShownExample& shown, std::size_t number) {
  const PageExample& example = data.examples[shown.example];
  const PolicyExample& before = *example.find(data.baseline);
  const PolicyExample& after = *example.find(data.policy);
  std::string html = fmt::format("<article class=\"example\"><h3>Request {} <small>{}</small></h3>\n", number,
                                 escape_html(shown.chosen_as));
  html += draw_shopper(example.request) + "<div class=\"pair\">\n<div><h4>Before</h4>\n";
  html += metric_line(example.request, before.metrics, shown.reward_before);
  html += draw_page(data.schema, example.request, before.page, slot_notes(example, before.page, nullptr, {}));
  html += "</div>\n<div><h4>After</h4>\n" + metric_line(example.request, after.metrics, shown.reward_after);
  html += draw_page(data.schema, example.request, after.page,
                    slot_notes(example, after.page, &before.page, shown.reasons));
  return html + "</div>\n</div></article>\n";
}

}  // namespace

std::string pages_section(const ReportData& data) {
  std::string html = "<section id=\"pages\"><h2>Pages before and after</h2>\n";
  if (data.examples.empty()) return html + missing_note(data.examples_problem) + "</section>\n";
  if (data.shown.empty())
    return html +
           missing_note("No page of “" + data.policy + "” differs from that of “" + data.baseline +
                        "”, or one of them was not evaluated.") +
           "</section>\n";
  html += fmt::format(
      "<p>Before: {}. After: {}. Marked as clicked or bought is what the shopper did on the page that was "
      "shown; what they "
      "would have done on the other page nobody knows.</p>\n",
      escape_html(policy_words(data.baseline)), escape_html(policy_words(data.policy)));
  if (!data.reasons_problem.empty()) html += missing_note(data.reasons_problem);
  for (std::size_t i = 0; i < data.shown.size(); ++i) html += example_html(data, data.shown[i], i + 1);
  return html + "</section>\n";
}

}  // namespace pagewright
