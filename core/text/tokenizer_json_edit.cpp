#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/tokenizer_files.hpp"

namespace pagewright {

namespace {

/// Walks over valid JSON without building it.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  /// Where the value of a key of the outermost object lies; the last one, as parsers take it. Empty if there
  /// is none.
  std::string_view value_of(std::string_view key) {
    std::string_view found;
    space();
    ++at_;  // {
    while (space(), text_[at_] != '}') {
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      const std::size_t name = at_;
      text();
      const std::string_view quoted = text_.substr(name, at_ - name);
      space();
      ++at_;  // :
      space();
      const std::size_t begin = at_;
      value();
      if (quoted.substr(1, quoted.size() - 2) == key) found = text_.substr(begin, at_ - begin);
    }
    return found;
  }

 private:
  void space() {
    while (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t') ++at_;
  }
  void text() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  void value() {
    int depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        text();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') {
        if (depth == 0) return;  // after a number or a word at the end of an object
        --depth;
      } else if (c == ',' && depth == 0) {
        return;
      }
      ++at_;
    } while (depth > 0 || (text_[at_] != ',' && text_[at_] != '}'));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

nlohmann::ordered_json special_token(const std::string& name) {
  return {{"content", name}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false},  {"special", true}};
}

}  // namespace

std::string tokenizer_json_with(std::string_view tokenizer_json, const std::vector<std::string>& names,
                                std::int32_t first) {
  std::string entries;
  for (const std::string& name : names) {
    nlohmann::ordered_json entry = {{"id", first++}};
    entry.update(special_token(name));
    entries += (entries.empty() ? "" : ",\n    ") + entry.dump();
  }
  std::string result(tokenizer_json);
  if (names.empty()) return result;
  const std::string_view list = JsonWalk(tokenizer_json).value_of("added_tokens");
  const std::size_t begin = list.empty() ? tokenizer_json.find('{') + 1
                                         : static_cast<std::size_t>(list.data() - tokenizer_json.data());
  const std::size_t bracket = list.find('[');
  if (list.empty() || bracket == std::string_view::npos) {  // absent or null
    const std::string text = "[\n    " + entries + "\n  ]";
    return list.empty() ? result.insert(begin, "\n  \"added_tokens\": " + text + ",")
                        : result.replace(begin, list.find_last_not_of(" \t\r\n") + 1, text);
  }
  const std::size_t close = list.rfind(']');
  const std::size_t last = list.find_last_not_of(" \t\r\n", close - 1);
  return result.insert(begin + last + 1,
                       (last == bracket ? "\n    " : ",\n    ") + entries + (last == bracket ? "\n  " : ""));
}

std::string tokenizer_config_with(std::string_view config_json, const std::vector<std::string>& names,
                                  std::int32_t first) {
  nlohmann::ordered_json config = {{"tokenizer_class", "PreTrainedTokenizerFast"}};
  if (!config_json.empty()) config = nlohmann::ordered_json::parse(config_json);
  auto& added = config["added_tokens_decoder"];
  if (!added.is_object()) added = nlohmann::ordered_json::object();
  for (const std::string& name : names) added[std::to_string(first++)] = special_token(name);
  return config.dump(2, ' ', false) + "\n";
}

}  // namespace pagewright
