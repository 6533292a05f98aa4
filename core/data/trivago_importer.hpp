#pragma once
// Result pages of the trivago RecSys Challenge 2019.

#include <memory>

namespace pagewright {

class LogImporter;

/// One JSON object a click-out: page_id, session, user, ts, platform, city, device, filters, items (ids in
/// display order), prices, clicks (places clicked after the page was shown), conversion (place of the
/// click-out), history_before_page.
///
/// Note [Pages and revisits]
/// A row is a click-out, not a page: many rows show exactly a list that the same session was shown before,
/// and the history of such a row holds the user's own clicks on that very list. So every list of a session
/// becomes one page with the first row's history, and the clicks and click-outs of all its rows are its
/// feedback. Every later row is kept as a revisit: its own request and history, its own clicks and click-out,
/// `revisit_of` the page. Feedback of a revisit thus stands in the log twice; count pages or revisits, not
/// both.
///
/// Clicks become click events, the click-out a purchase at the hotel's price. Prices are stored times 100 in
/// currency XXX, since the source names none. History holds item ids, as clicks at unknown times, with the
/// price where the item is among the candidates. Page sections: one list, "results".
std::unique_ptr<LogImporter> make_trivago_importer();

}  // namespace pagewright
