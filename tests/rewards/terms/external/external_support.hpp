#pragma once
// Pages and small real programs for tests of external rewards.

#include <memory>
#include <string>
#include <vector>

#include "rewards/terms/external/external_term.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright::external_test {

/// Two requests of 4 candidates, with 3 and 2 pages of 1 to 3 slots.
struct ExternalScene {
  PageSchema schema;
  std::vector<Request> requests;
  std::vector<RequestPages> groups;
  test::TemporaryFolder folder;
  ExternalConfig config;  ///< no back-off, and a fallback of -3

  ExternalScene();
  ExternalScene(const ExternalScene&) = delete;
  ExternalScene& operator=(const ExternalScene&) = delete;
  static constexpr std::size_t kPages = 5;

  /// Lets `config.program` be a Python program with this body.
  void python(const std::string& body);
  void shell(const std::string& body) { config.program = {"sh", "-c", body}; }
  std::unique_ptr<ExternalTerm> term(const std::string& name = "outside") const;
  /// `page` of all pages that one term says.
  std::vector<float> pages(ExternalTerm& term) const;
  /// What a program says that adds the candidates' prices and counts slots: 100 x price + slots.
  static std::vector<float> expected();
};

/// Python: reads a line, computes the `expected()` of a page, prints an answer.
extern const char* const kHonest;

/// Whether a process is there and no zombie.
bool is_running(int pid);
/// Waits up to some seconds for its end.
bool ends_within(int pid, double seconds);

}  // namespace pagewright::external_test
