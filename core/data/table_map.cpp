#include "core/data/table_map.hpp"

#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>

#include "core/base/error.hpp"
#include "core/config/config_file.hpp"

namespace pagewright {
namespace {

char one_character(const Section& section, const char* key, char usual, const char* doc) {
  std::string text(1, usual);
  section.read(key, text, doc);
  if (text.size() == 1) return text[0];
  section.complain(key, std::string(key) + " must be one character");
  return usual;
}

TableForm read_table_form(const Section& section) {
  TableForm form;
  form.separator = one_character(section, "separator", ',', "between values; \"\\t\" for tabulators");
  section.read("header", form.header, "whether the first line names the columns; else they are 0, 1, ...");
  section.read("missing", form.missing, "texts that stand for no value");
  form.lists =
      one_character(section, "list_separator", ',', "between the elements of a value that is a list");
  return form;
}

constexpr const char* kTimeDoc =
    "how times are written: seconds, milliseconds, or a form such as \"%Y-%m-%d %H:%M:%S\" (UTC)";

ItemTable read_item_table(const Section& section) {
  ItemTable table;
  section.read_required("file", table.file, "table of items, found beside the rows");
  table.form = read_table_form(section);
  section.read_required("key", table.key, "column with the item's id");
  table.columns = TableItemColumns::from(section);
  return table;
}

EventTable read_event_table(const Section& section) {
  EventTable table;
  section.read_required("file", table.file, "table of events, found beside the rows");
  table.form = read_table_form(section);
  table.action = NamedColumn::from(section.child("action",
                                                 "click, add_to_cart, purchase, impression, dismiss, hide or "
                                                 "return; others are counted and left out"),
                                   "click");
  section.read("page", table.page, "columns that are the page's key");
  section.read("visitor", table.visitor,
               "in place of `page`: column of the visitor; the event belongs to the last page before it that "
               "showed the item to them");
  section.read("window", table.window, at_least(0).in_units("seconds"),
               "longest time from such a page to the event");
  section.read_required("item", table.item, "column with the item's id");
  section.read("timestamp", table.timestamp, "column of the time");
  section.read("time", table.time, kTimeDoc);
  section.read("id", table.id, "columns that name an event: another of the same name is dropped and counted");
  section.read("price", table.price,
               "column with what a purchase paid a piece, in units of item_columns.price_scale");
  section.read("quantity", table.quantity, "column with pieces");
  if (table.page.empty() == table.visitor.empty())
    section.complain("page", "say to which page an event belongs: give `page` or `visitor`, one of them");
  if (!table.visitor.empty() && table.timestamp.empty())
    section.complain("timestamp", "events that are joined by visitor need a time");
  return table;
}

void read_slots(const Section& root, TableMap& map) {
  root.read("lists", map.lists,
            "true: a row is a whole page, and item, position, click, ... are lists; false: a row is a slot");
  root.read_required("item", map.item, "column with the item's id");
  root.read("position", map.position, "column by which slots of a section are sorted; else as rows come");
  root.read("section_slots", map.section_slots, at_least(0).in_units("slots"),
            "above 0: a new section begins after so many slots, section.otherwise-1, -2, ...");
  map.section = NamedColumn::from(root.child("section", "type of the slot's section"), "results");
  root.read("click", map.click, "column: above 0, the slot was clicked");
  root.read("cart", map.cart, "column: above 0, it was put into the cart");
  root.read("purchase", map.purchase, "column: above 0, it was bought");
  root.read(
      "paid", map.paid,
      "column with what was paid a piece, if not the item's price; in units of item_columns.price_scale");
  root.read("quantity", map.quantity, "column with the pieces bought");
  root.read("propensity", map.propensity, "column with the logging policy's probability");
  root.read_enum("propensity_kind", map.propensity_kind,
                 {{"page", PropensityKind::page},
                  {"slot_given_prefix", PropensityKind::slot_given_prefix},
                  {"slot_marginal", PropensityKind::slot_marginal}},
                 "what it is the probability of");
}

TableMap read_table_map(const Section& root) {
  TableMap map;
  map.form = read_table_form(root);
  root.read("page", map.page, "columns whose values together are the page's key; none: each row is a page");
  root.read("user", map.user, "column of the user");
  root.read("visitor", map.visitor, "column of the visitor or session, for events that are joined by it");
  root.read("query", map.query, "column of the search words");
  root.read("timestamp", map.timestamp, "column of the page's time");
  root.read("time", map.time, kTimeDoc);
  map.policy = NamedColumn::from(root.child("policy", "policy that composed the page"), "logged");
  read_slots(root, map);
  root.read("context", map.context, "what else is known of the request: our name and the column");
  map.item_columns = TableItemColumns::from(root.child("item_columns", "what the rows say of their item"));
  if (const auto items = root.optional_child("items", "what another table says of items"))
    map.items = read_item_table(*items);
  root.read("all_items", map.all_items, "candidates are all items of `items`, not those on the page alone");
  if (map.all_items && !map.items) root.complain("all_items", "all_items needs the table `items`");
  for (const Section& section : root.children("events", "events in tables of their own"))
    map.events.push_back(read_event_table(section));
  if (map.joins_by_visitor() && map.visitor.empty())
    root.complain("visitor", "events are joined by visitor, so pages need their `visitor`");
  return map;
}

}  // namespace

std::string NamedColumn::of(TableFile& row) const {
  if (column.empty()) return otherwise;
  const auto value = row.value(column);
  if (!value) return otherwise;
  const auto found = names.find(std::string(*value));
  return found == names.end() ? std::string(*value) : found->second;
}

NamedColumn NamedColumn::from(const Section& section, std::string otherwise) {
  NamedColumn named;
  named.otherwise = std::move(otherwise);
  section.read("column", named.column, "the column; none: always `otherwise`");
  section.read("names", named.names, "the table's values and what they are called here");
  section.read("otherwise", named.otherwise, "where the column is empty");
  return named;
}

TableItemColumns TableItemColumns::from(const Section& section) {
  TableItemColumns columns;
  section.read("title", columns.title, "column");
  section.read("category", columns.category, "column");
  section.read("brand", columns.brand, "column");
  section.read("seller", columns.seller, "column");
  section.read("ad", columns.ad, "column: above 0, the item is an ad");
  section.read("price", columns.price, "column");
  section.read("price_scale", columns.price_scale, above(0),
               "minor units in one unit of the price column: 100 for dollars, 1 for cents");
  section.read("currency", columns.currency, "ISO 4217 code of prices; XXX: not known");
  section.read("features", columns.features, "numbers: our name and the column");
  return columns;
}

std::optional<std::int64_t> TableItemColumns::minor_units(std::string_view text) const {
  const double value = table_number(text, price) * price_scale;
  require(value >= 0 && value < 9e15, "the price {} is negative or too large", text);
  return std::llround(value);
}

void TableItemColumns::read(TableFile& row, Item& item) const {
  const auto take = [&](const std::string& column, std::string& into) {
    if (column.empty()) return;
    if (const auto value = row.value(column)) into = *value;
  };
  take(title, item.title);
  take(category, item.category);
  take(brand, item.brand);
  take(seller, item.seller);
  if (!ad.empty())
    if (const auto value = row.value(ad)) item.ad = table_number(*value, ad) > 0;
  if (!price.empty())
    if (const auto value = row.value(price)) {
      item.price = minor_units(*value);
      item.currency = currency;
    }
  for (const auto& [name, column] : features)
    if (const auto value = row.value(column)) item.features[name] = table_number(*value, column);
}

bool TableMap::joins_by_visitor() const {
  for (const EventTable& table : events)
    if (!table.visitor.empty()) return true;
  return false;
}

TableMap load_table_map(const std::filesystem::path& file, const std::vector<std::string>& sets) {
  const ConfigFile config = load_config(file, sets);
  TableMap map = read_table_map(config.root());
  config.finish();
  return map;
}

std::string table_map_reference() {
  const ConfigFile config = reference_config();
  read_table_map(config.root());
  return configuration_reference_markdown(config.keys());
}

double table_number(std::string_view text, const std::string& column) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(problem == std::errc() && end == text.data() + text.size() && std::isfinite(value),
          "column '{}' holds '{}', which is no number", column, text);
  return value;
}

std::int32_t table_pieces(std::string_view text, const std::string& column) {
  const double pieces = table_number(text, column);
  require(pieces >= 1 && pieces <= std::numeric_limits<std::int32_t>::max() && std::trunc(pieces) == pieces,
          "column '{}' holds '{}', which is no number of pieces", column, text);
  return static_cast<std::int32_t>(pieces);
}

std::int64_t table_time(std::string_view text, const std::string& form) {
  if (form == "seconds" || form == "milliseconds") {
    const double seconds = std::floor(table_number(text, "timestamp") / (form == "seconds" ? 1 : 1000));
    require(std::abs(seconds) < 1e15, "'{}' is no time in {}", text, form);
    return static_cast<std::int64_t>(seconds);
  }
  std::tm time{};
  const std::string copy(text);
  require(strptime(copy.c_str(), form.c_str(), &time) != nullptr, "'{}' is no time of the form {}", text,
          form);
  return timegm(&time);
}

}  // namespace pagewright
