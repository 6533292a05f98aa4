#include "distributed/precision_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {
namespace {

enum class NumberType { float32, bfloat16 };

void read_type(const Section& section, const char* key, at::ScalarType& type, const char* doc) {
  NumberType number = type == at::kFloat ? NumberType::float32 : NumberType::bfloat16;
  section.read_enum(key, number, {{"float32", NumberType::float32}, {"bfloat16", NumberType::bfloat16}}, doc);
  type = number == NumberType::float32 ? at::kFloat : at::kBFloat16;
}

}  // namespace

PrecisionConfig PrecisionConfig::from(const Section& section) {
  PrecisionConfig config;
  read_type(
      section, "parameters", config.parameters,
      "trained parameters of policy and critic; with bfloat16 the optimizer keeps a float32 master copy");
  read_type(section, "frozen", config.frozen, "the frozen backbone below adapters");
  read_type(section, "gradients", config.gradients, "a lane's gradient, in which its micro-batches add up");
  read_type(section, "reduction", config.reduction,
            "type in which gradients are added over lanes and exchanged between learners");
  return config;
}

}  // namespace pagewright
