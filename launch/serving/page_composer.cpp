#include "launch/serving/page_composer.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/page/page_json.hpp"
#include "launch/serving/line_work.hpp"
#include "launch/serving/page_propensities.hpp"

namespace pagewright {

namespace {

/// The line with what the model saw and said.
std::string with_tokens(const PageLanguage& language, const Request& request, const Trajectory& trajectory,
                        const std::string& line) {
  auto json = nlohmann::ordered_json::parse(line);
  json["prompt"] = language.prompt_text(request, trajectory.order);
  json["prompt_tokens"] = language.prompt(request, trajectory.order).tokens.ids;
  json["tokens"] = trajectory.tokens;
  return json.dump();
}

}  // namespace

PageComposer::PageComposer(const PageLanguage& language, ModelPolicy& policy, LanePool& pool,
                           std::string policy_id, ComposerOptions options)
    : language_(language),
      policy_(policy),
      pool_(pool),
      policy_id_(std::move(policy_id)),
      options_(std::move(options)),
      cache_(options_.cached) {}

std::string PageComposer::page_json(const Request& request, const Trajectory& trajectory) const {
  PageJsonFields fields;
  fields.page_id = fmt::format("{}-{:x}-{}", request.id, options_.sampling.seed, trajectory.sample);
  fields.policy_id = policy_id_;
  // A greedy page was not drawn, so it has no propensity to log.
  if (!options_.sampling.greedy)
    fields.propensities = propensities_of(trajectory.spans, trajectory.log_probs);
  std::string line = page_to_json(language_.schema(), request, trajectory.page, fields);
  return options_.tokens ? with_tokens(language_, request, trajectory, line) : line;
}

std::vector<LineAnswer> PageComposer::answer(std::span<const InputLine> lines) {
  std::vector<LineAnswer> answers(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    answers[i].problem = lines[i].problem;
    if (const auto* kept = cache_.find(lines[i].text)) answers[i].lines = *kept;
  }
  compose(lines, answers);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (answers[i].problem.empty()) cache_.keep(lines[i].text, answers[i].lines);
  return answers;
}

/// For lines that have neither a problem nor an answer yet.
void PageComposer::compose(std::span<const InputLine> lines, std::span<LineAnswer> answers) {
  std::vector<Request> requests(lines.size());
  on_open_lines(pool_, answers, [&](std::size_t i) { requests[i] = request_from_json(lines[i].text); });

  using Pages = std::vector<Trajectory>;
  std::vector<Pages> pages(lines.size());
  const auto samples = static_cast<std::ptrdiff_t>(options_.sampling.samples);
  const auto generate = [&](std::span<const std::size_t> open) {
    std::vector<KeyedRequest> keyed;
    for (const std::size_t i : open) keyed.push_back(keyed_by_id(requests[i]));
    Pages all = policy_.generate(keyed, options_.sampling);
    std::vector<Pages> of_lines;
    for (auto first = all.begin(); first != all.end(); first += samples)
      of_lines.emplace_back(std::make_move_iterator(first), std::make_move_iterator(first + samples));
    return of_lines;
  };
  for_open_lines(answers, generate,
                 [&](std::size_t line, Pages&& result) { pages[line] = std::move(result); });
  on_open_lines(pool_, answers, [&](std::size_t i) {
    std::vector<std::string> printed;
    for (const Trajectory& page : pages[i]) printed.push_back(page_json(requests[i], page));
    answers[i].lines = std::move(printed);
  });
}

std::string PageComposer::closing_note() const {
  if (cache_.asked() == 0) return {};
  return fmt::format("{} of {} requests had been answered before", cache_.found(), cache_.asked());
}

}  // namespace pagewright
