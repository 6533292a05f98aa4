#include "rewards/terms/external/answer_book.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

/// Python and others write NaN and Infinity, which JSON has not: null in their place, so that the page they
/// belong to is known.
std::string without_nan(std::string_view line) {
  std::string text;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
    std::size_t length = 0;
    for (const std::string_view word : {"NaN", "-NaN", "nan", "-Infinity", "Infinity", "-inf", "inf"})
      if (!quoted && length == 0 && line.substr(i).starts_with(word)) length = word.size();
    text += length > 0 ? std::string_view("null") : line.substr(i, 1);
    i += length > 0 ? length : 1;
  }
  return text;
}

nlohmann::json parse_answer(std::string_view line) {
  nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded()) json = nlohmann::json::parse(without_nan(line), nullptr, false);
  require(json.is_object(), "a line that is no answer: {}", quote_foreign(line));
  return json;
}

/// What a float can hold.
bool usable_number(const nlohmann::json& json) {
  if (!json.is_number()) return false;
  const double value = json.get<double>();
  return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
}

void read_numbers(const nlohmann::json& json, std::size_t slots, PageAnswer& answer) {
  const auto page = json.find("page"), of_slots = json.find("slots");
  if (page == json.end() && of_slots == json.end()) fail("it has neither `page` nor `slots`");
  if (page != json.end()) {
    require(usable_number(*page), "`page` is not a finite number");
    answer.page = page->get<double>();
  }
  if (of_slots == json.end()) return;
  require(of_slots->is_array() && of_slots->size() == slots, "`slots` is not a list of {} numbers", slots);
  for (const nlohmann::json& slot : *of_slots) {
    require(usable_number(slot), "`slots` holds something that is not a finite number");
    answer.slots.push_back(slot.get<double>());
  }
}

}  // namespace

std::string quote_foreign(std::string_view text, std::size_t most) {
  std::string quoted = "'";
  for (const char byte : text.substr(0, most)) quoted += byte >= ' ' && byte <= '~' ? byte : '?';
  return quoted + (text.size() > most ? "...'" : "'");
}

AnswerBook::AnswerBook(std::vector<std::size_t> slots)
    : slots_(std::move(slots)), answers_(slots_.size()), waiting_(slots_.size()) {}

std::vector<std::size_t> AnswerBook::ask(std::int64_t first_id) {
  first_id_ = first_id;
  asked_.clear();
  for (std::size_t page = 0; page < answers_.size(); ++page)
    if (answers_[page].state == PageAnswer::State::waiting) asked_.push_back(page);
  return asked_;
}

void AnswerBook::take(std::string_view line) {
  const nlohmann::json json = parse_answer(line);
  const auto id = json.find("id");
  require(id != json.end() && id->is_number_integer(), "an answer without the id of its page: {}",
          quote_foreign(line));
  const auto value = id->get<std::int64_t>();
  require(value >= 0 && value < first_id_ + std::ssize(asked_), "an answer for an id that no page has: {}",
          quote_foreign(line));
  if (value < first_id_) {
    ++ignored_;
    return;
  }
  const std::size_t page = asked_[static_cast<std::size_t>(value - first_id_)];
  if (answers_[page].state != PageAnswer::State::waiting) {
    ++ignored_;
    return;
  }
  PageAnswer answer;
  try {
    read_numbers(json, slots_[page], answer);
    answer.state = PageAnswer::State::answered;
  } catch (const Error& error) {
    answer = {PageAnswer::State::unusable, 0, {}, fmt::format("{}: {}", error.what(), quote_foreign(line))};
  }
  answers_[page] = std::move(answer);
  --waiting_;
}

}  // namespace pagewright
