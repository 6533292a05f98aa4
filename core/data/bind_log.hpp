#pragma once
// A log meets the schema of an experiment.

namespace pagewright {

struct FeedbackLog;
struct PageSchema;

/// Sets PageSection::type of every logged page to the schema's section type of that name. Error that names
/// the page and the key to change if a page has a section that the schema lacks, or a request more candidates
/// than the schema allows.
void bind_to_schema(FeedbackLog& log, const PageSchema& schema);

}  // namespace pagewright
