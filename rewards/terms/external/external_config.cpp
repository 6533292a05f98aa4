#include "rewards/terms/external/external_config.hpp"

#include <set>

#include "core/config/section.hpp"

namespace pagewright {

ExternalConfig ExternalConfig::from(const Section& section) {
  ExternalConfig config;
  section.read("program", config.program,
               "external: the program and its arguments; it reads one request a line and writes one answer a "
               "line (docs/reward-terms.md)");
  section.read("address", config.address,
               "external: http or https address that takes the same lines by POST, instead of a program");
  section.read("batch", config.batch, at_least(1).in_units("pages"), "external: pages asked for at once");
  section.read("deadline", config.deadline, in_closed(0.01, 86400).in_units("seconds"),
               "external: for a batch's answers");
  section.read("startup", config.startup, in_closed(0, 86400).in_units("seconds"),
               "external: added to the deadline of the first batch after a start of the program");
  section.read("retries", config.retries, at_least(0), "external: attempts after the first, for a batch");
  section.read("backoff", config.backoff, in_closed(0, 3600).in_units("seconds"),
               "external: before the first retry; twice as long before each further one, at most 60");
  section.read("breaker", config.breaker, at_least(1).in_units("batches"),
               "external: failures in a row after which pages get the fallback without being asked for");
  section.read("pause", config.pause, at_least(1).in_units("batches"),
               "external: how many get the fallback then, before one is tried again");
  section.read("fallback", config.fallback,
               "external: what a page without a usable answer earns, before the weight; null: the run ends "
               "with an error");
  section.read("clip", config.clip, above(0), "external: bound of a page's or slot's number, on both sides");
  if (!section.has("kind")) return config;
  if (config.program.empty() == config.address.empty())
    section.complain(config.program.empty() ? "" : "address",
                     "an external term needs either `program` or `address`");
  const bool http = config.address.starts_with("http://") || config.address.starts_with("https://");
  if (!config.address.empty() && !http)
    section.complain("address", "'" + config.address + "' is no address: it begins with http:// or https://");
  return config;
}

bool is_external_manner(const std::string& key) {
  static const std::set<std::string> kManner{"batch",   "deadline", "startup", "retries",
                                             "backoff", "breaker",  "pause"};
  return kManner.contains(key);
}

}  // namespace pagewright
