#include "core/text/post_processor.hpp"

#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/pattern_json.hpp"
#include "core/text/token_vocabulary.hpp"

namespace pagewright {

namespace {

std::vector<std::int32_t> template_ids(const JsonObject& processor, const std::string& name) {
  const auto tokens = processor.object("special_tokens");
  const auto token = tokens ? tokens->object(name) : std::nullopt;
  if (!token) processor.complain("special_tokens", fmt::format("lacks '{}', which the template names", name));
  std::vector<std::int32_t> ids;
  for (const double id : token->numbers("ids")) {
    if (!(id >= 0 && id <= TokenVocabulary::kLargestId) || id != std::floor(id))
      token->complain("ids", "must be ids of tokens");
    ids.push_back(static_cast<std::int32_t>(id));
  }
  return ids;
}

void read_template(const JsonObject& processor, PromptFrame& frame) {
  processor.only(std::array<std::string_view, 4>{"type", "single", "pair", "special_tokens"});
  bool after = false;
  for (const JsonObject& piece : processor.objects("single")) {
    piece.only(std::array<std::string_view, 2>{"SpecialToken", "Sequence"});
    if (const auto sequence = piece.object("Sequence")) {
      if (sequence->text("id") != "A" || after)
        processor.complain("single", "must hold the sequence A, once");
      after = true;
    } else if (const auto special = piece.object("SpecialToken")) {
      const auto ids = template_ids(processor, special->required_text("id"));
      auto& side = after ? frame.after : frame.before;
      side.insert(side.end(), ids.begin(), ids.end());
    }
  }
  if (!after) processor.complain("single", "must hold the sequence A, once");
}

void read_processor(const nlohmann::json& value, const std::string& path, int depth, PromptFrame& frame) {
  require(depth < kDeepestComponent, "{}: sequences are nested too deeply", path);
  const JsonObject object(value, path);
  const std::string type = object.required_text("type");
  if (type == "ByteLevel") {
    // It moves offsets, which nobody asks for here.
    object.only(std::array<std::string_view, 4>{"type", "add_prefix_space", "trim_offsets", "use_regex"});
  } else if (type == "TemplateProcessing") {
    PromptFrame inner;
    read_template(object, inner);
    frame.before.insert(frame.before.begin(), inner.before.begin(), inner.before.end());
    frame.after.insert(frame.after.end(), inner.after.begin(), inner.after.end());
  } else if (type == "Sequence") {
    object.only(std::array<std::string_view, 2>{"type", "processors"});
    const nlohmann::json& members = list_of(value, "processors", path);
    for (std::size_t i = 0; i < members.size(); ++i)
      read_processor(members[i], member_path(path, "processors", i), depth + 1, frame);
  } else {
    object.complain("type",
                    fmt::format("the post-processor {} is not supported (ByteLevel, TemplateProcessing and "
                                "Sequence are)",
                                type));
  }
}

}  // namespace

PromptFrame read_post_processor(const nlohmann::json& value, const std::string& path) {
  PromptFrame frame;
  if (!value.is_null()) read_processor(value, path, 0, frame);
  return frame;
}

}  // namespace pagewright
