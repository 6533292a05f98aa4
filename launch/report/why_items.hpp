#pragma once
// Asks the reward models why items stand where they stand.

#include "launch/report/report_data.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

/// Fills in the reasons and page rewards of the requests to be shown, by the models that `variant` learnt
/// from: the page model scores the page, the page before, and every page that one exchange makes of it; the
/// item model scores the slots. Throws Error if the models are missing.
void explain_examples(Workbench& bench, const PolicyVariant& variant, ReportData& data);

}  // namespace pagewright
