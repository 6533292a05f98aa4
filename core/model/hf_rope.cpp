#include "core/model/hf_rope.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace pagewright {
namespace {

struct RopeName {
  const char* name;
  RopeKind kind;
};
constexpr RopeName kRopeNames[] = {{"default", RopeKind::plain},
                                   {"linear", RopeKind::linear},
                                   {"dynamic", RopeKind::dynamic},
                                   {"yarn", RopeKind::yarn},
                                   {"llama3", RopeKind::llama3}};

constexpr const char* kRopeKeys[] = {"rope_type",       "type",
                                     "rope_theta",      "factor",
                                     "beta_fast",       "beta_slow",
                                     "low_freq_factor", "high_freq_factor",
                                     "mscale",          "mscale_all_dim",
                                     "truncate",        "attention_factor",
                                     "finetuned",       "original_max_position_embeddings"};

RopeKind rope_kind(const std::string& key, const std::string& name) {
  for (const RopeName& known : kRopeNames)
    if (name == known.name) return known.kind;
  fail("{}: rope type '{}' is not supported (default, linear, dynamic, yarn and llama3 are)", key, name);
}

void check_rope_keys(const std::string& key, const nlohmann::json& object) {
  for (const auto& [name, value] : object.items()) {
    require(!value.is_object(), "{} differs by layer type ('{}'), which is not supported", key, name);
    require(name != "partial_rotary_factor" || value.is_null() || value == 1.0,
            "{}.partial_rotary_factor {} is not supported (1 is)", key, value.dump());
    require(name != "mrope_section", "{}.mrope_section is not supported: this is no model of text alone",
            key);
    if (name != "partial_rotary_factor" && std::ranges::find(kRopeKeys, name) == std::end(kRopeKeys))
      log_warn(LogTag{"config.json"}, "{}.{} is not known and ignored", key, name);
  }
}

double yarn_scale(double factor, double scale) {
  return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1;
}

/// 0 counts as absent, as in `transformers`.
double unless_zero(double value, double fallback) {
  return value == 0 ? fallback : value;
}

void read_yarn(const HfFields& rope, RopeScaling& out) {
  out.beta_fast = unless_zero(rope.number_or("beta_fast", 0), 32);
  out.beta_slow = unless_zero(rope.number_or("beta_slow", 0), 1);
  out.truncate = rope.flag_or("truncate", true);
  const double scale = rope.number_or("mscale", 0), all = rope.number_or("mscale_all_dim", 0);
  out.attention_factor = rope.has("attention_factor") ? rope.number("attention_factor")
                         : scale != 0 && all != 0
                             ? yarn_scale(out.factor, scale) / yarn_scale(out.factor, all)
                             : yarn_scale(out.factor, 1);
  require(out.attention_factor > 0, "the rope attention_factor is {}; it must be positive",
          out.attention_factor);
}

void read_scaling(const HfFields& fields, const HfFields& rope, std::int64_t positions, RopeScaling& out) {
  const bool has_original = out.kind == RopeKind::yarn || out.kind == RopeKind::llama3;
  if (out.kind == RopeKind::dynamic) out.original_positions = positions;
  if (has_original)
    out.original_positions = fields.whole_or("original_max_position_embeddings",
                                             rope.whole_or("original_max_position_embeddings", positions));
  out.factor = out.kind == RopeKind::yarn && !rope.has("factor")
                   ? static_cast<double>(positions) / static_cast<double>(out.original_positions)
                   : rope.number("factor");
  constexpr double kMostPositions = 1 << 28;
  const double longest = out.factor * static_cast<double>(std::max(positions, out.original_positions));
  require(out.factor >= 1 && longest <= kMostPositions,
          "the rope factor is {}; it must be at least 1 and not stretch the context beyond {:.0f} positions",
          out.factor, kMostPositions);
  if (out.kind == RopeKind::yarn) read_yarn(rope, out);
  if (out.kind != RopeKind::llama3) return;
  out.low_freq_factor = rope.number("low_freq_factor");
  out.high_freq_factor = rope.number("high_freq_factor");
}

std::int64_t stretched(std::int64_t positions, double factor) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(positions) * factor));
}

}  // namespace

void read_hf_rope(const HfFields& fields, std::int64_t default_positions, ModelConfig& config) {
  const bool older = fields.has("rope_scaling") && !fields.raw("rope_scaling").empty();
  const std::string key = older ? "rope_scaling" : "rope_parameters";
  const std::int64_t positions = fields.whole_or("max_position_embeddings", default_positions);
  config.max_positions = positions;
  config.rope_theta = fields.number_or("rope_theta", 10000);
  config.rope = {};
  const nlohmann::json none = nlohmann::json::object();
  const nlohmann::json& object = fields.has(key.c_str()) ? fields.raw(key.c_str()) : none;
  const HfFields rope(object, key + ".");
  check_rope_keys(key, object);
  config.rope_theta = rope.number_or("rope_theta", config.rope_theta);
  require(config.rope_theta > 1, "rope_theta is {}; it must be above 1", config.rope_theta);
  config.rope.kind = rope_kind(key, rope.text_or("rope_type", rope.text_or("type", "default")));
  if (config.rope.kind == RopeKind::plain) return;
  read_scaling(fields, rope, positions, config.rope);
  if (config.rope.kind == RopeKind::linear || config.rope.kind == RopeKind::dynamic)
    config.max_positions = stretched(positions, config.rope.factor);
  if (config.rope.kind == RopeKind::yarn)
    config.max_positions = std::max(positions, stretched(config.rope.original_positions, config.rope.factor));
}

nlohmann::json hf_rope_scaling(const ModelConfig& config) {
  const RopeScaling& rope = config.rope;
  if (rope.kind == RopeKind::plain) return nullptr;
  const auto* name = std::ranges::find(kRopeNames, rope.kind, &RopeName::kind);
  nlohmann::json json = {{"rope_type", name->name}, {"factor", rope.factor}};
  if (rope.kind == RopeKind::yarn || rope.kind == RopeKind::llama3)
    json["original_max_position_embeddings"] = rope.original_positions;
  if (rope.kind == RopeKind::llama3) {
    json["low_freq_factor"] = rope.low_freq_factor;
    json["high_freq_factor"] = rope.high_freq_factor;
  }
  if (rope.kind == RopeKind::yarn) {
    json["beta_fast"] = rope.beta_fast;
    json["beta_slow"] = rope.beta_slow;
    json["truncate"] = rope.truncate;
    json["attention_factor"] = rope.attention_factor;
  }
  return json;
}

std::int64_t hf_max_position_embeddings(const ModelConfig& config) {
  if (config.rope.kind == RopeKind::dynamic) return config.rope.original_positions;
  if (config.rope.kind != RopeKind::linear) return config.max_positions;
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(config.max_positions) / config.rope.factor));
}

}  // namespace pagewright
