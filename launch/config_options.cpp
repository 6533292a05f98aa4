#include "launch/config_options.hpp"

#include <CLI/CLI.hpp>

namespace pagewright {

std::shared_ptr<ConfigOptions> add_config_options(CLI::App& verb) {
  auto options = std::make_shared<ConfigOptions>();
  verb.add_option("CONFIG", options->file, "experiment file (YAML); docs/configuration.md lists every key")
      ->required();
  verb.add_option("--set", options->sets,
                  "override a key, as in --set ppo.iterations=10; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  return options;
}

}  // namespace pagewright
