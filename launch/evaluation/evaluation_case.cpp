#include "launch/evaluation/evaluation_case.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

double grade_of_event(EventKind kind, const EngagementGrades& grades) {
  switch (kind) {
    case EventKind::purchase:
      return grades.purchase;
    case EventKind::cart:
      return grades.cart;
    case EventKind::click:
      return grades.click;
    case EventKind::impression:
    case EventKind::dismiss:
    case EventKind::purchase_return:
      break;
  }
  return 0;
}

const char* name_of_split(Split split) {
  return split == Split::train ? "train" : split == Split::valid ? "valid" : "test";
}

/// Whether an event is a better target than the best so far.
bool comes_before(const Event& event, const Event& best) {
  const bool bought = event.kind == EventKind::purchase, best_bought = best.kind == EventKind::purchase;
  return bought != best_bought ? bought : event.timestamp < best.timestamp;
}

}  // namespace

std::vector<EvaluationCase> evaluation_cases(const FeedbackLog& log, Split split,
                                             std::optional<std::size_t> limit) {
  std::vector<const LoggedPage*> first_page(log.requests.size(), nullptr);
  for (const LoggedPage& page : log.pages)
    if (const LoggedPage*& first = first_page.at(static_cast<std::size_t>(page.request)); first == nullptr)
      first = &page;
  std::vector<EvaluationCase> cases;
  for (std::size_t i = 0; i < log.requests.size() && cases.size() < limit.value_or(log.requests.size()); ++i)
    if (log.requests[i].split == split && first_page[i] != nullptr)
      cases.push_back({&log.requests[i].request, static_cast<std::int64_t>(i), first_page[i]});
  require(!cases.empty(),
          "evaluation: the log has no page for a request of its {} split; evaluate another split",
          name_of_split(split));
  return cases;
}

Engagement engagement_of(const EvaluationCase& test, const EngagementGrades& grades) {
  const std::vector<std::int32_t> items = test.shown->page.items();
  Engagement result;
  result.grades.assign(test.request->candidates.size(), 0.0);
  const Event* best = nullptr;
  for (const Event& event : test.shown->events) {
    const double grade = grade_of_event(event.kind, grades);
    if (grade <= 0) continue;
    require(event.slot >= 0 && static_cast<std::size_t>(event.slot) < items.size(),
            "page '{}': an event at slot {}, but the page has {} slots", test.shown->page_id, event.slot,
            items.size());
    const std::int32_t candidate = items[static_cast<std::size_t>(event.slot)];
    double& known = result.grades.at(static_cast<std::size_t>(candidate));
    known = std::max(known, grade);
    if (best == nullptr || comes_before(event, *best)) best = &event, result.target = candidate;
  }
  result.engaged = static_cast<int>(
      std::count_if(result.grades.begin(), result.grades.end(), [](double g) { return g > 0; }));
  return result;
}

}  // namespace pagewright
