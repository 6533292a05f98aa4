#include "launch/serving/page_scorer.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/json_fields.hpp"
#include "core/page/json_write.hpp"
#include "core/page/page_json.hpp"
#include "launch/serving/line_work.hpp"
#include "launch/serving/page_propensities.hpp"

namespace pagewright {
namespace {

/// Beside request and page: of a log, and tokens in the place of a page.
constexpr std::array<std::string_view, 4> kScoreKeys = {"events", "revisit_of", "page_timestamp", "tokens"};

struct GivenPage {
  Request request;
  PageJsonFields fields;
  Trajectory trajectory;  ///< request, order, tokens, page and spans
};

std::vector<TokenId> tokens_from_json(const PageLanguage& language, const JsonObject& root) {
  std::vector<TokenId> tokens;
  const std::int64_t end = language.vocabulary().size();
  for (const double number : root.numbers("tokens")) {
    if (!(number >= 0 && number < static_cast<double>(end)) || std::trunc(number) != number)
      root.complain("tokens", fmt::format("{} is no token; there are 0 to {}", number, end - 1));
    tokens.push_back(static_cast<TokenId>(number));
  }
  return tokens;
}

void read_tokens(const PageLanguage& language, const JsonObject& root, Trajectory& out) {
  if (root.has("sections")) root.complain("tokens", "give the page's sections or its tokens, not both");
  out.tokens = tokens_from_json(language, root);
  DecodedPage decoded = language.decode(out.order, out.tokens);
  require(decoded.problem.empty(), "tokens: they are no page: {}", decoded.problem);
  out.page = std::move(decoded.page);
  out.spans = std::move(decoded.spans);
}

GivenPage page_to_score(const PageLanguage& language, std::string_view text) {
  GivenPage given;
  const nlohmann::json json = parse_json(text);
  const JsonObject root(json, "");
  given.request = request_from_json(root, kScoreKeys);
  given.fields = page_fields_from_json(root);
  Trajectory& page = given.trajectory;
  page.request = keyed_by_id(given.request).key;
  page.order =
      language.candidate_order(given.request, /*iteration=*/0, static_cast<std::uint64_t>(page.request));
  if (root.has("tokens")) {
    read_tokens(language, root, page);
  } else {
    page.page = page_from_json(language.schema(), given.request, root);
    EncodedPage encoded = language.encode(page.order, page.page);
    page.tokens = std::move(encoded.tokens);
    page.spans = std::move(encoded.spans);
  }
  const auto broken = page_violations(language.schema(), given.request, page.page);
  require(broken.empty(), "the page is outside the grammar: {}", fmt::join(broken, ", "));
  return given;
}

std::string score_json(const GivenPage& given, const std::string& policy_id,
                       const std::vector<float>& log_probs) {
  const PageSpans& spans = given.trajectory.spans;
  const PagePropensities propensities = propensities_of(spans, log_probs);
  nlohmann::ordered_json json;
  if (!given.fields.page_id.empty()) json["page_id"] = given.fields.page_id;
  json["request_id"] = given.request.id;
  json["policy_id"] = policy_id;
  json["tokens"] = given.trajectory.tokens;
  json["token_log_probs"] = log_probs;
  json["slot_log_probs"] = nlohmann::ordered_json::array();
  for (const SlotSpan& slot : spans.slots)
    json["slot_log_probs"].push_back(log_probs[static_cast<std::size_t>(slot.token)]);
  json["page_log_prob"] = page_log_prob(log_probs);
  json["slot_propensities"] = propensities.slots;
  if (propensities.page) json["page_propensity"] = *propensities.page;
  return json_line(json, given.request.id);
}

}  // namespace

PageScorer::PageScorer(const PageLanguage& language, ModelPolicy& policy, LanePool& pool,
                       std::string policy_id)
    : language_(language), policy_(policy), pool_(pool), policy_id_(std::move(policy_id)) {}

std::vector<LineAnswer> PageScorer::answer(std::span<const InputLine> lines) {
  std::vector<LineAnswer> answers(lines.size());
  std::vector<GivenPage> given(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) answers[i].problem = lines[i].problem;
  on_open_lines(pool_, answers, [&](std::size_t i) { given[i] = page_to_score(language_, lines[i].text); });

  using LogProbs = std::vector<float>;
  std::vector<LogProbs> log_probs(lines.size());
  const auto score = [&](std::span<const std::size_t> open) {
    std::vector<KeyedRequest> keyed;
    std::vector<Trajectory> pages;
    const Request* last = nullptr;
    for (const std::size_t i : open) {
      // Pages of one request that follow each other share its prompt.
      if (last == nullptr || given[i].request != *last) last = &given[i].request;
      keyed.push_back({last, given[i].trajectory.request});
      pages.push_back(given[i].trajectory);
    }
    return policy_.log_probs(keyed, pages);
  };
  for_open_lines(std::span(answers), score,
                 [&](std::size_t line, LogProbs&& result) { log_probs[line] = std::move(result); });
  on_open_lines(pool_, answers, [&](std::size_t i) {
    answers[i].lines.push_back(score_json(given[i], policy_id_, log_probs[i]));
  });
  return answers;
}

}  // namespace pagewright
