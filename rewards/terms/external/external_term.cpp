#include "rewards/terms/external/external_term.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/page/page_json.hpp"
#include "rewards/terms/external/http_exchange.hpp"
#include "rewards/terms/external/program_exchange.hpp"

namespace pagewright {

namespace {

constexpr double kLongestBackoff = 60;  // seconds

std::unique_ptr<LineExchange> make_exchange(const ExternalConfig& config) {
  if (config.program.empty()) return std::make_unique<HttpExchange>(config.address);
  return std::make_unique<ProgramExchange>(config.program, config.startup);
}

/// The first few of something, and then ever fewer.
bool worth_saying(std::int64_t count) {
  return count <= 5 || std::has_single_bit(static_cast<std::uint64_t>(count));
}

}  // namespace

/// A page to ask for, with the texts of its line.
struct ExternalTerm::Ask {
  std::shared_ptr<const std::string> request;
  std::string page;
  std::size_t slots = 0;
};

ExternalTerm::ExternalTerm(std::string name, const PageSchema& schema, ExternalConfig config)
    : name_(std::move(name)),
      schema_(schema),
      config_(std::move(config)),
      exchange_(with_context("reward term '" + name_ + "'", [&] { return make_exchange(config_); })),
      breaker_(config_.breaker, config_.pause) {}

ExternalTerm::~ExternalTerm() {
  if (counts_.failed_attempts + counts_.ignored + counts_.unusable == 0) return;
  log_warn(
      "reward term '{}': of {} pages {} were answered, {} unusably, {} not, {} were not asked for; {} "
      "attempts "
      "failed, {} answers came twice or late",
      name_, counts_.pages, counts_.answered, counts_.unusable, counts_.unanswered, counts_.skipped,
      counts_.failed_attempts, counts_.ignored);
}

std::vector<TermScore> ExternalTerm::score(std::span<const RequestPages> groups) {
  std::vector<Ask> asks;
  for (const RequestPages& group : groups) {
    const auto request = std::make_shared<const std::string>(request_to_json(*group.request));
    for (const Page& page : group.pages)
      asks.push_back({request, sections_to_json(schema_, *group.request, page),
                      static_cast<std::size_t>(page.slot_count())});
  }
  std::vector<TermScore> scores;
  scores.reserve(asks.size());
  for (std::size_t begin = 0; begin < asks.size(); begin += static_cast<std::size_t>(config_.batch))
    ask_batch(std::span(asks).subspan(begin,
                                      std::min(static_cast<std::size_t>(config_.batch), asks.size() - begin)),
              scores);
  return scores;
}

void ExternalTerm::ask_batch(std::span<const Ask> batch, std::vector<TermScore>& scores) {
  std::vector<std::size_t> slots;
  for (const Ask& ask : batch) slots.push_back(ask.slots);
  AnswerBook book(std::move(slots));
  const bool asked = breaker_.lets_through();
  if (asked) try_until_settled(batch, book);
  counts_.pages += std::ssize(batch);
  counts_.ignored += book.ignored();
  for (const PageAnswer& answer : book.answers()) scores.push_back(to_score(answer, asked));
}

void ExternalTerm::try_until_settled(std::span<const Ask> batch, AnswerBook& book) {
  const int attempts = breaker_.on_trial() ? 1 : 1 + config_.retries;
  double pause = config_.backoff;
  for (int tried = 0; tried < attempts; ++tried) {
    if (tried > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(pause, kLongestBackoff)));
      pause *= 2;
    }
    if (!attempt(batch, book)) continue;
    breaker_.succeeded();
    return;
  }
  if (breaker_.failed() && config_.fallback)
    log_warn("reward term '{}': {} batches failed in a row; the next {} get the fallback {}", name_,
             config_.breaker, config_.pause, *config_.fallback);
}

bool ExternalTerm::attempt(std::span<const Ask> batch, AnswerBook& book) {
  const std::vector<std::size_t> pages = book.ask(next_id_);
  std::string lines;
  for (const std::size_t page : pages)
    lines += fmt::format("{{\"id\":{},\"request\":{},\"page\":{}}}\n", next_id_++, *batch[page].request,
                         batch[page].page);
  try {
    exchange_->exchange(lines, book, config_.deadline);
  } catch (const Error& error) {
    note_failure(error.what());
  }
  return book.settled();
}

void ExternalTerm::note_failure(const std::string& text) {
  last_failure_ = text;
  if (worth_saying(++counts_.failed_attempts))
    log_warn("reward term '{}', failure {}: {}", name_, counts_.failed_attempts, text);
}

TermScore ExternalTerm::to_score(const PageAnswer& answer, bool asked) {
  TermScore score;
  score.name = name_;
  bool cut = false;
  const auto clipped = [&](double value) {
    cut |= std::abs(value) > config_.clip;
    return static_cast<float>(std::clamp(value, -config_.clip, config_.clip));
  };
  const bool answered = answer.state == PageAnswer::State::answered;
  if (answered) {
    ++counts_.answered;
    score.page = clipped(answer.page);
    for (const double slot : answer.slots) score.slots.push_back(clipped(slot));
  } else {
    const bool unusable = answer.state == PageAnswer::State::unusable;
    ++(unusable ? counts_.unusable : asked ? counts_.unanswered : counts_.skipped);
    if (unusable && worth_saying(counts_.unusable))
      log_warn("reward term '{}': an answer cannot be used: {}", name_, answer.trouble);
    require(config_.fallback.has_value(),
            "reward term '{}': {}. With `fallback: 0` such a page earns 0 and the run goes on", name_,
            unusable ? answer.trouble : last_failure_);
    score.page = static_cast<float>(*config_.fallback);
  }
  score.page_raw = score.page;
  score.slots_raw = score.slots;
  score.figures = {{"clipped", cut ? 1.0F : 0.0F}, {"fallback", answered ? 0.0F : 1.0F}};
  return score;
}

}  // namespace pagewright
