#pragma once
// Where an external reward is, and what is done when it does not answer.

#include <optional>
#include <string>
#include <vector>

namespace pagewright {

class Section;

struct ExternalConfig {
  std::vector<std::string> program;  ///< and its arguments; empty if there is an address
  std::string address;               ///< http://... or https://...
  int batch = 64;                    ///< pages that are asked for at once
  double deadline = 10;              ///< seconds for a batch
  double startup = 30;               ///< seconds more for the first batch after a start of the program
  int retries = 2;                   ///< after a failed attempt
  double backoff = 0.5;            ///< seconds before the first retry, twice as long before each further one
  int breaker = 3;                 ///< failed batches in a row after which it is left alone
  int pause = 20;                  ///< batches for which it is
  std::optional<double> fallback;  ///< what a page without an answer earns; nothing: an Error
  double clip = 10;                ///< bound of a number, on both sides

  static ExternalConfig from(const Section& section);
};

/// Whether a key of ExternalConfig decides only how answers are asked for, not what they are.
bool is_external_manner(const std::string& key);

}  // namespace pagewright
