#include "core/data/bind_log.hpp"

#include <map>
#include <string>

#include "core/base/error.hpp"
#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"

namespace pagewright {

void bind_to_schema(FeedbackLog& log, const PageSchema& schema) {
  std::map<std::string, int> types;
  std::string names;
  for (std::size_t type = 0; type < schema.section_types.size(); ++type) {
    const auto& name = schema.section_types[type].name;
    types.emplace(name, static_cast<int>(type));
    names += (names.empty() ? "" : ", ") + name;
  }
  for (const auto& logged : log.requests)
    require(logged.request.candidates.size() <= static_cast<std::size_t>(schema.max_candidates),
            "request '{}' of the log has {} candidates, but schema.max_candidates is {}; raise it",
            logged.request.id, logged.request.candidates.size(), schema.max_candidates);
  for (auto& page : log.pages)
    for (std::size_t s = 0; s < page.page.sections.size(); ++s) {
      const auto type = types.find(page.section_names.at(s));
      require(type != types.end(),
              "page '{}' of the log has a section '{}', but schema.section_types has only: {}; add it there",
              page.page_id, page.section_names[s], names);
      page.page.sections[s].type = type->second;
    }
}

}  // namespace pagewright
