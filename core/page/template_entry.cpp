#include "core/page/template_entry.hpp"

#include "core/base/error.hpp"

namespace pagewright {

TemplateParts parse_template_entry(std::string_view text, TemplateGroup group) {
  TemplateParts parts;
  std::string words;
  const auto end_words = [&] {
    if (!words.empty()) parts.push_back({std::move(words), std::nullopt});
    words.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      words += c;
      i += 2;
      continue;
    }
    require(c != '}', "`{}` closes a brace that was not opened; write }}}} for the character", text);
    if (c != '{') {
      words += c;
      ++i;
      continue;
    }
    const std::size_t end = text.find('}', i);
    require(end != std::string_view::npos,
            "`{}` opens a brace that is not closed; write {{{{ for the character", text);
    end_words();
    parts.push_back({{}, parse_template_field(text.substr(i, end - i + 1), group)});
    i = end + 1;
  }
  end_words();
  return parts;
}

std::string template_parts_text(const TemplateParts& parts) {
  std::string text;
  for (const TemplatePart& part : parts)
    text += part.field ? fmt::format("{} at {}\n", part.field->str(), part.field->first_token)
                       : fmt::format("words {}: {}\n", part.words.size(), part.words);
  return text;
}

}  // namespace pagewright
