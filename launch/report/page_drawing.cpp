#include "launch/report/page_drawing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/hash.hpp"
#include "launch/report/html.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kListSlotsShown = 12;
constexpr std::size_t kActionsShown = 4;

std::string item_name(const Item& item) {
  return item.title.empty() ? item.id : item.title;
}

/// A coloured tile in place of a picture: one colour and letter for each category.
std::string item_tile(const Item& item) {
  const std::string& word = item.category.empty() ? item.id : item.category;
  std::size_t length = 1;  // one UTF-8 character
  while (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0) == 0x80) ++length;
  return fmt::format("<span class=\"tile\" style=\"--hue:{}\">{}</span>", stable_hash(word) % 360,
                     escape_html(word.substr(0, length)));
}

std::string slot_badges(const Item& item, const SlotNote& note, int slot) {
  std::string badges;
  if (item.ad) badges += "<span class=\"badge ad\">Ad</span>";
  if (note.fresh) badges += "<span class=\"badge fresh\">new here</span>";
  if (note.other_slot && *note.other_slot != slot)
    badges += fmt::format("<span class=\"badge moved\">{} from {}</span>",
                          *note.other_slot > slot ? "↑" : "↓", *note.other_slot + 1);
  if (note.clicked) badges += "<span class=\"badge clicked\">clicked</span>";
  if (note.carted) badges += "<span class=\"badge clicked\">in cart</span>";
  if (note.bought) badges += "<span class=\"badge bought\">bought</span>";
  return badges.empty() ? badges : "<span class=\"badges\">" + badges + "</span>";
}

std::string item_kind(const Item& item) {
  std::string text = item.category;
  if (!item.brand.empty()) text += (text.empty() ? "" : " · ") + item.brand;
  return text;
}

std::string draw_slot(const Request& request, std::int32_t candidate, const SlotNote& note, int slot) {
  static const Item kUnknown{.id = "unknown item",
                             .title = "",
                             .price = {},
                             .currency = "",
                             .category = "?",
                             .brand = "",
                             .seller = "",
                             .ad = false,
                             .features = {}};
  const bool known = candidate >= 0 && static_cast<std::size_t>(candidate) < request.candidates.size();
  const Item& item = known ? request.candidates[static_cast<std::size_t>(candidate)] : kUnknown;
  return fmt::format(
      "<li class=\"item{}{}\">{}<span class=\"facts\"><b>{}</b><span class=\"kind\">{}</span>"
      "<span class=\"price\">{}</span>{}{}</span></li>\n",
      note.fresh ? " fresh" : "", note.clicked || note.bought ? " engaged" : "", item_tile(item),
      escape_html(item_name(item)), escape_html(item_kind(item)),
      escape_html(price_text(item.price, item.currency)), slot_badges(item, note, slot), note.why);
}

const char* layout_class(const std::string& layout) {
  if (layout == "carousel") return "carousel";
  if (layout == "grid") return "grid";
  return layout == "ad_strip" ? "strip" : "list";
}

std::string context_words(const Request& request) {
  std::string text;
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : " · ") + words; };
  if (!request.query.empty()) add("searches “" + request.query + "”");
  for (const auto& [key, value] : request.context) add(key + " " + value);
  return text;
}

const char* action_words(ActionKind kind) {
  switch (kind) {
    case ActionKind::view:
      return "saw";
    case ActionKind::click:
      return "clicked";
    case ActionKind::cart:
      return "put into the cart";
    case ActionKind::purchase:
      return "bought";
  }
  return "";
}

}  // namespace

std::string draw_page(const PageSchema& schema, const Request& request, const Page& page,
                      std::span<const SlotNote> notes) {
  std::string html = "<div class=\"page\">\n";
  int slot = 0;
  for (const PageSection& section : page.sections) {
    const bool known =
        section.type >= 0 && static_cast<std::size_t>(section.type) < schema.section_types.size();
    const SectionType type =
        known ? schema.section_types[static_cast<std::size_t>(section.type)] : SectionType{};
    const std::string layout = layout_class(type.layout);
    html +=
        fmt::format("<p class=\"section-name\">{}</p>\n<ol class=\"{}\" style=\"--columns:{}\">\n",
                    escape_html(known ? type.name : "unknown section"), layout, std::max(1, type.columns));
    for (std::size_t i = 0; i < section.items.size(); ++i, ++slot) {
      if (layout == "list" && i == kListSlotsShown)
        html += fmt::format("</ol><details class=\"rest\"><summary>{} more</summary><ol class=\"list\">\n",
                            section.items.size() - i);
      const bool noted = static_cast<std::size_t>(slot) < notes.size();
      html += draw_slot(request, section.items[i], noted ? notes[static_cast<std::size_t>(slot)] : SlotNote{},
                        slot);
    }
    html += layout == "list" && section.items.size() > kListSlotsShown ? "</ol></details>\n" : "</ol>\n";
  }
  return html + "</div>\n";
}

std::string draw_shopper(const Request& request) {
  std::string html = "<p class=\"shopper\">";
  const std::string context = context_words(request);
  html += context.empty() ? "A shopper" : "A shopper (" + escape_html(context) + ")";
  if (request.history.empty()) return html + " of whom nothing is known before this page.</p>\n";
  html += " who before ";
  const std::size_t begin =
      request.history.size() > kActionsShown ? request.history.size() - kActionsShown : 0;
  for (std::size_t i = begin; i < request.history.size(); ++i) {
    const HistoryAction& action = request.history[i];
    const std::string kind = item_kind(action.item);
    if (i > begin) html += i + 1 == request.history.size() ? " and " : ", ";
    html += fmt::format("{} <b>{}</b>", action_words(action.kind), escape_html(item_name(action.item)));
    if (!kind.empty()) html += " (" + escape_html(kind) + ")";
  }
  return html + ".</p>\n";
}

}  // namespace pagewright
