#include "core/text/normalizer.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/normalisation.hpp"
#include "core/text/pattern_json.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

struct FormStep : Normalizer::Step {
  explicit FormStep(NormalForm f) : form(f) {}
  std::string apply(std::string_view text, bool&) const override { return normalise(text, form); }
  NormalForm form;
};

struct LowercaseStep : Normalizer::Step {
  std::string apply(std::string_view text, bool&) const override { return lower_case(text); }
};

struct PrependStep : Normalizer::Step {
  explicit PrependStep(std::string t) : prefix(std::move(t)) {}
  std::string apply(std::string_view text, bool&) const override {
    return text.empty() ? std::string() : prefix + std::string(text);
  }
  std::string prefix;
};

struct ReplaceStep : Normalizer::Step {
  ReplaceStep(TextPattern p, std::string c) : pattern(std::move(p)), content(std::move(c)) {}
  std::string apply(std::string_view text, bool& at_start) const override {
    std::vector<PatternSpan> spans;
    pattern.find(text, spans);
    if (content.empty() && !spans.empty() && spans[0].is_match && spans[0].end > 0) at_start = false;
    std::string result;
    result.reserve(text.size() + spans.size() * content.size());
    for (const PatternSpan& span : spans)
      result.append(span.is_match ? std::string_view(content)
                                  : text.substr(span.begin, span.end - span.begin));
    return result;
  }
  TextPattern pattern;
  std::string content;
};

struct StripStep : Normalizer::Step {
  StripStep(bool l, bool r) : left(l), right(r) {}
  std::string apply(std::string_view text, bool& at_start) const override {
    const std::size_t before = text.size();
    while (left && !text.empty() && is_white_space(code_point_at(text, 0)))
      text.remove_prefix(utf8_length(text[0]));
    if (text.size() < before) at_start = false;
    while (right && !text.empty()) {
      const std::size_t last = last_character(text);
      if (!is_white_space(code_point_at(text, last))) break;
      text = text.substr(0, last);
    }
    return std::string(text);
  }
  bool left, right;
};

using NormalizerStepPointer = std::shared_ptr<const Normalizer::Step>;

NormalizerStepPointer read_normalizer_step(const JsonObject& object, const std::string& type) {
  const auto only = [&](auto... keys) {
    object.only(std::array<std::string_view, sizeof...(keys) + 1>{"type", keys...});
  };
  if (type == "NFC") return only(), std::make_shared<FormStep>(NormalForm::nfc);
  if (type == "NFD") return only(), std::make_shared<FormStep>(NormalForm::nfd);
  if (type == "NFKC") return only(), std::make_shared<FormStep>(NormalForm::nfkc);
  if (type == "NFKD") return only(), std::make_shared<FormStep>(NormalForm::nfkd);
  if (type == "Lowercase") return only(), std::make_shared<LowercaseStep>();
  if (type == "Prepend") return only("prepend"), std::make_shared<PrependStep>(object.text("prepend"));
  if (type == "Replace")
    return only("pattern", "content"),
           std::make_shared<ReplaceStep>(read_pattern(object), object.text("content"));
  if (type == "Strip")
    return only("strip_left", "strip_right"),
           std::make_shared<StripStep>(object.boolean("strip_left"), object.boolean("strip_right"));
  object.complain(
      "type",
      fmt::format("the normalizer {} is not supported (NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, "
                  "Strip and Sequence are)",
                  type));
}

}  // namespace

Normalizer Normalizer::from(const nlohmann::json& value, const std::string& path) {
  Normalizer result;
  if (!value.is_null()) result.add(value, path, 0);
  return result;
}

void Normalizer::add(const nlohmann::json& value, const std::string& path, int depth) {
  require(depth < kDeepestComponent, "{}: sequences are nested too deeply", path);
  const JsonObject object(value, path);
  const std::string type = object.required_text("type");
  if (type != "Sequence") {
    steps_.push_back(read_normalizer_step(object, type));
    return;
  }
  object.only(std::array<std::string_view, 2>{"type", "normalizers"});
  const nlohmann::json& members = list_of(value, "normalizers", path);
  for (std::size_t i = 0; i < members.size(); ++i)
    add(members[i], member_path(path, "normalizers", i), depth + 1);
}

std::string Normalizer::apply(std::string_view text, bool& at_start) const {
  std::string result(text);
  for (const auto& step : steps_) result = step->apply(result, at_start);
  return result;
}

}  // namespace pagewright
