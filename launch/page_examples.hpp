#pragma once
// pages.jsonl: every evaluated request with the page its user saw and the page each policy would show.
//
// One JSON object a line:
//
//     {"key": 17, "same_list": false, "request": {...},
//      "shown": {"page_id": "p17", "sections": [{"type": "grid", "items": [3, 0, 7]}],
//                "feedback": [{"clicks": 1}, {}, {"clicks": 1, "purchases": 1, "revenue": 1999}]},
//      "policies": {"both": {"sections": [...], "invalid": [], "metrics": {"ndcg": 0.4, "true_ctr": 0.1}}}}
//
// `request` is written as in request files. Items are numbers of candidates, from 0; feedback is per slot in
// page order, zeros left out. Metrics are those of one page (launch/evaluation/page_record.hpp, names without
// the cut-off); what is not defined for a page is left out. An invalid page may hold sections without a type
// and items that are no candidates.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "launch/evaluation/evaluate_policies.hpp"

namespace pagewright {

/// Writes (or replaces, at once) the file. Throws Error unless every policy has one page per case.
void write_page_examples(const std::filesystem::path& path, const PageSchema& schema,
                         std::span<const EvaluationCase> cases, std::span<const PolicyPages> pages);

/// One policy's page for a request.
struct PolicyExample {
  std::string policy;
  Page page;
  std::vector<std::string> violations;
  PageMetrics metrics;
};

/// One line of the file.
struct PageExample {
  std::int64_t key = 0;  ///< of the request in the log
  bool same_list = false;
  Request request;
  std::string page_id;  ///< of the page shown
  Page shown;
  std::vector<SlotFeedback> feedback;  ///< [K] of the page shown
  std::vector<PolicyExample> policies;

  /// Null if there is no such policy.
  const PolicyExample* find(const std::string& policy) const;
};

/// Reads such a file. Throws Error with file and line for what cannot be read or does not fit the schema.
std::vector<PageExample> read_page_examples(const std::filesystem::path& path, const PageSchema& schema);

}  // namespace pagewright
