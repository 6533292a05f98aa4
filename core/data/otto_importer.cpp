#include "core/data/otto_importer.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/rng.hpp"
#include "core/data/import.hpp"
#include "core/data/line_reader.hpp"
#include "core/data/otto_session.hpp"
#include "core/data/session_pool.hpp"

namespace pagewright {
namespace {

CounterRandom session_random(std::uint64_t seed, const std::string& id) {
  const std::uint64_t hash = stable_hash(id);
  return CounterRandom(seed, RandomStream::assembled_pages, hash >> 32, hash & 0xFFFFFFFFu);
}

/// Items in the order in which the session first touches them, with the place of that action.
std::vector<std::pair<std::int64_t, std::size_t>> first_touches(const OttoSession& session) {
  std::vector<std::pair<std::int64_t, std::size_t>> touches;
  std::unordered_set<std::int64_t> seen;
  for (std::size_t i = 0; i < session.actions.size(); ++i)
    if (seen.insert(session.actions[i].item).second) touches.emplace_back(session.actions[i].item, i);
  return touches;
}

EventKind event_of_action(ActionKind kind) {
  return kind == ActionKind::click  ? EventKind::click
         : kind == ActionKind::cart ? EventKind::cart
                                    : EventKind::purchase;
}

Item otto_item(std::int64_t id) {
  Item item;
  item.id = std::to_string(id);
  return item;
}

/// Note [Assembled pages]
class OttoImporter final : public LineImporter {
 public:
  OttoImporter(const OttoOptions& options, const SplitRule& split) : options_(options), split_(split) {
    options_.validate();
  }

  void begin_file(const std::filesystem::path& path) override {
    require(!std::filesystem::exists(path) || std::filesystem::is_regular_file(path),
            "{}: sessions are read twice, and this is no regular file", path.string());
    const auto size = static_cast<std::size_t>(options_.pool_sessions);
    all_.emplace(size, options_.seed);
    training_.emplace(size, options_.seed);
    LineReader reader(path);
    for (std::string line; reader.next(line);) try {
        pool(parse_otto_session(line));
      } catch (const Error&) {
        // row() says what is wrong with the line.
      }
  }

  void row(std::string_view line, ImportSink& sink) override {
    const OttoSession session = parse_otto_session(line);
    CounterRandom random = session_random(options_.seed, session.id);
    const auto touches = first_touches(session);
    const std::optional<std::size_t> cut = draw_cut(touches, random);
    if (!cut) return sink.count("sessions without enough new items to cut, left out");
    Request request = request_of(session, *cut);
    const std::vector<std::int64_t> items =
        draw_candidates(touches, *cut, split_(request) == Split::train, random);
    for (const std::int64_t item : items) request.candidates.push_back(otto_item(item));
    LoggedPage page = assemble(request, items.size(), random);
    const std::int64_t left_out = add_feedback(session, *cut, items, page);
    std::vector<LoggedPage> pages;
    pages.push_back(std::move(page));
    sink.add(std::move(request), std::move(pages));
    if (left_out > 0)
      sink.count("actions after the cut on items that are not on the page, left out", left_out);
  }

 private:
  /// Shows a session to the samples from which it may be drawn.
  void pool(const OttoSession& session) {
    std::vector<std::int64_t> items;
    for (const OttoAction& action : session.actions) items.push_back(action.item);
    CounterRandom random = session_random(options_.seed, session.id);
    const std::size_t cut = draw_cut(first_touches(session), random).value_or(session.actions.size());
    if (cut > 0 && split_(request_of(session, cut)) == Split::train && training_->wants_next())
      training_->keep(items);
    if (all_->wants_next()) all_->keep(std::move(items));
  }

  /// Number of actions before the cut; nothing if no cut leaves enough new items.
  std::optional<std::size_t> draw_cut(const std::vector<std::pair<std::int64_t, std::size_t>>& touches,
                                      CounterRandom& random) const {
    const auto later = static_cast<std::size_t>(options_.least_later);
    // The first touch counts as history at least.
    if (touches.size() < later + 1) return std::nullopt;
    const std::size_t last_cut = touches[touches.size() - later].second;
    return 1 + static_cast<std::size_t>(random.below(last_cut));
  }

  Request request_of(const OttoSession& session, std::size_t cut) const {
    Request request;
    request.id = session.id;
    request.user = session.id;
    request.timestamp = session.actions[cut - 1].timestamp;
    for (std::size_t i = cut - std::min(cut, static_cast<std::size_t>(options_.history)); i < cut; ++i) {
      const OttoAction& action = session.actions[i];
      request.history.push_back({action.kind, action.timestamp, otto_item(action.item)});
    }
    return request;
  }

  /// [candidates] new items and drawn ones, in a random order.
  std::vector<std::int64_t> draw_candidates(const std::vector<std::pair<std::int64_t, std::size_t>>& touches,
                                            std::size_t cut, bool training, CounterRandom& random) const {
    const auto most = static_cast<std::size_t>(options_.candidates);
    std::vector<std::int64_t> items;
    std::unordered_set<std::int64_t> own;
    for (const auto& [item, place] : touches) {
      own.insert(item);
      if (place >= cut && items.size() < most / 2) items.push_back(item);
    }
    const auto drawn = (training ? training_ : all_)->draw(most - items.size(), own, random);
    require(!drawn.empty(), "no other {}session has an item that this one does not touch",
            training ? "training " : "");
    items.insert(items.end(), drawn.begin(), drawn.end());
    random.shuffle(std::span(items));
    return items;
  }

  LoggedPage assemble(const Request& request, std::size_t candidates, CounterRandom& random) const {
    std::vector<std::int32_t> order(candidates);
    for (std::size_t i = 0; i < candidates; ++i) order[i] = static_cast<std::int32_t>(i);
    random.shuffle(std::span(order));
    order.resize(std::min(candidates, static_cast<std::size_t>(options_.slots)));
    LoggedPage page;
    page.page_id = request.id;
    page.policy_id = kAssembledPolicy;
    page.timestamp = request.timestamp;
    page.section_names = {"results"};
    page.slot_propensity_kind = PropensityKind::slot_given_prefix;
    for (std::size_t k = 0; k < order.size(); ++k)
      page.slot_propensities.push_back(1 / static_cast<double>(candidates - k));
    page.page.sections.resize(1);
    page.page.sections[0].items = std::move(order);
    return page;
  }

  /// Adds what happened after the cut; how many actions fell on items that the page does not hold.
  static std::int64_t add_feedback(const OttoSession& session, std::size_t cut,
                                   const std::vector<std::int64_t>& items, LoggedPage& page) {
    std::unordered_map<std::int64_t, std::int32_t> slots;
    for (const std::int32_t candidate : page.page.sections[0].items)
      slots.emplace(items[static_cast<std::size_t>(candidate)], static_cast<std::int32_t>(slots.size()));
    std::int64_t left_out = 0;
    for (std::size_t i = cut; i < session.actions.size(); ++i) {
      const OttoAction& action = session.actions[i];
      if (const auto slot = slots.find(action.item); slot != slots.end())
        page.events.push_back(
            {event_of_action(action.kind), slot->second, action.timestamp, std::nullopt, 1});
      else
        ++left_out;
    }
    return left_out;
  }

  OttoOptions options_;
  SplitRule split_;
  std::optional<SessionPool> training_, all_;  ///< of the file that is read
};

}  // namespace

void OttoOptions::validate() const {
  require(history >= 1, "--session-history: must be at least 1, not {}", history);
  require(least_later >= 1, "--session-later: must be at least 1, not {}", least_later);
  require(candidates >= 2, "--session-candidates: must be at least 2, not {}", candidates);
  require(slots >= 1 && slots <= candidates,
          "--session-slots: must be from 1 to the {} of --session-candidates, not {}", candidates, slots);
  require(pool_sessions >= 2, "--session-pool: must be at least 2, not {}", pool_sessions);
}

std::unique_ptr<LogImporter> make_otto_importer(const OttoOptions& options, const SplitRule& split) {
  return std::make_unique<OttoImporter>(options, split);
}

}  // namespace pagewright
