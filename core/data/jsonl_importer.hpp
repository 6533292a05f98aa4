#pragma once
// JSON Lines of our own schema.

#include <memory>

namespace pagewright {

class LogImporter;

/// One JSON object a page: request and page as core/page/page_json.hpp reads them (the form that `pagewright
/// generate` prints), and beside them `events`, `page_timestamp` and `revisit_of`. docs/log-format.md lists
/// every key. Rows that follow each other with an equal request become one request with several pages.
std::unique_ptr<LogImporter> make_jsonl_importer();

}  // namespace pagewright
