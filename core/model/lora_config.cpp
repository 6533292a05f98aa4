#include "core/model/lora_config.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/suggestion.hpp"
#include "core/config/section.hpp"

namespace pagewright {

bool LoraConfig::adapts(std::string_view module) const {
  if (!on()) return false;
  const std::size_t dot = module.rfind('.');
  const std::string_view name = dot == std::string_view::npos ? module : module.substr(dot + 1);
  return std::ranges::find(targets, name) != targets.end();
}

LoraConfig LoraConfig::from(const Section& section) {
  LoraConfig config;
  const std::vector<std::string> known = config.targets;
  section.read("rank", config.rank, at_least(0),
               "rank of the adapters; the backbone is frozen then, and adapters, layout rows and heads are "
               "trained. 0: no adapters, everything is trained");
  section.read("alpha", config.alpha, positive(), "adapters are added with weight alpha / rank");
  section.read("targets", config.targets, "matrices of a layer that get an adapter");
  for (const std::string& target : config.targets)
    if (std::ranges::find(known, target) == known.end())
      section.complain("targets", fmt::format("targets: there is no matrix '{}'; these are: {}", target,
                                              fmt::join(known, ", ")));
  if (config.on() && config.targets.empty())
    section.complain("targets", "targets is empty: name a matrix, or set rank: 0");
  if (section.has("dropout"))
    section.complain("dropout",
                     "dropout is off in reinforcement learning: old and new log-probs must come from the "
                     "same network; remove the key");
  return config;
}

}  // namespace pagewright
