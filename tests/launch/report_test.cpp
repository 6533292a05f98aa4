#include "launch/report/report.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/file.hpp"
#include "launch/report/exchanges.hpp"
#include "launch/report/html.hpp"
#include "launch/report/plot.hpp"
#include "launch/report/site_changes.hpp"
#include "launch/report/slices.hpp"
#include "launch/report/verdict.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

using test::contains;

/// Empty if every tag is closed in order, else the tag that is not.
std::string unbalanced_tag(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return html.substr(at, 40);
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" \n/", 1));
    if (tag[0] == '!' || tag.back() == '/' || name == "meta") continue;
    if (tag[0] != '/')
      open.push_back(name);
    else if (open.empty() || "/" + open.back() != tag)
      return tag;
    else
      open.pop_back();
  }
  return open.empty() ? "" : open.back();
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

PageSchema report_schema() {
  PageSchema schema;
  schema.section_types = {{.name = "top", .layout = "carousel", .min_slots = 2, .max_slots = 2},
                          {.name = "rest<b>", .layout = "list", .min_slots = 1, .max_slots = 1}};
  schema.section_order = {0, 1};
  schema.min_sections = schema.max_sections = 2;
  return schema;
}

Page report_page(std::int32_t a, std::int32_t b, std::int32_t c) {
  return Page{{{0, {a, b}}, {1, {c}}}};
}

/// 24 requests of 8 users, phone and desk in turn; `both` gains on phones and loses on desks.
std::vector<PageExample> report_examples() {
  std::vector<PageExample> examples;
  for (int i = 0; i < 24; ++i) {
    PageExample& example = examples.emplace_back();
    example.key = i;
    example.request.id = "r" + std::to_string(i);
    example.request.user = "u" + std::to_string(i % 8);
    example.request.context = {{"device", i % 2 == 0 ? "phone" : "desk"}};
    for (int c = 0; c < 5; ++c) {
      Item& item = example.request.candidates.emplace_back();
      item.id = "i" + std::to_string(c);
      item.title = c == 0 ? "<script>alert(1)</script> & \"Co\"" : "Cup";
      item.category = c < 3 ? "cups" : "pots";
      item.price = 1000 + 100 * c;
      item.currency = "EUR";
    }
    example.shown = report_page(0, 1, 2);
    example.feedback = {{1, 0, 0, 0}, {}, {0, 0, 1, 1200}};
    PolicyExample logged{"logged", example.shown, {}, {}}, both{"both", report_page(3, 0, 2), {}, {}};
    logged.metrics.true_utility = 2 + 0.01 * i;
    both.metrics.true_utility = logged.metrics.true_utility + (i % 2 == 0 ? 1 + 0.05 * i : -1 - 0.02 * i);
    example.policies = {logged, both};
  }
  return examples;
}

Evaluation judged(double mean, double low, double high, Estimate clicks = {0, -1, 1, 24}) {
  Evaluation evaluation;
  evaluation.requests = 4000;
  evaluation.users = 1800;
  evaluation.policies = {
      {"logged", {{"true_utility", {10, 9, 11, 24}}, {"true_ctr", {100, 90, 110, 24}}}, {}},
      {"both", {{"true_utility", {10 + mean, 9, 12, 24}}, {"validity", {1, 1, 1, 24}}}, {}}};
  evaluation.differences = {
      {"both", "logged", {{"true_utility", {mean, low, high, 24}}, {"true_ctr", clicks}}}};
  return evaluation;
}

ClicksRecord some_click_models() {
  const auto quality = [](double perplexity) {
    ClickQuality result;
    result.sessions = 9;
    result.log_likelihood = -2.5;
    result.perplexity = perplexity;
    result.perplexity_by_rank = {perplexity + 0.125, perplexity - 0.125};
    return result;
  };
  const FittedClicks naive{"position_rate", 0, -2.25, quality(1.75), {}, {}};
  const FittedClicks pbm{"pbm", 12, -2.125, quality(1.5), {}, {1, 0.5}};
  return {{"pbm",
           "held-out perplexity",
           ClickPages::uniform,
           "seen at <two> positions",
           {"position_rate", "pbm"}},
          {naive, pbm}};
}

ReportData full_report() {
  ReportData data;
  data.title = "my <run>";
  data.policy = "both";
  data.baseline = "logged";
  data.schema = report_schema();
  data.evaluation = EvaluationReport{judged(1, 0.5, 1.5), {}, GrammarUse::on};
  data.examples = report_examples();
  data.shown = choose_examples(data.examples, "both", "logged", 6);
  data.shown[0].reasons = {{0.5, 0.25, Exchange{0, 2, 2, 0.125}}, {-0.5, 0.1, Exchange{1, -1, 4, -0.5}}, {}};
  data.records.curves = {{"warmup", "nats a page", 1, {{0, kNotMeasured, 3}, {1, 2.5, 2}}}};
  TrainingRecord training{"both", {}, {"iteration 3: the <divergence> explodes"}, {}};
  for (int i = 0; i < 4; ++i)
    training.metrics.push_back({i, {{"reward", 0.1 * i}, {"kl_per_page", 0.5 * i}, {"entropy", 1}}, 1});
  for (int i = 0; i < 4; ++i)
    training.metrics[static_cast<std::size_t>(i)].metrics["held_out_reward"] = 3 - i;
  training.metrics[2].metrics["term.few<ads>.multiplier"] = 1;
  training.alarms = {{{"judge", 2, "the judge's <reward> fell", "raise it", true}}, 3};
  data.records.trainings = {training};
  data.records.clicks = some_click_models();
  data.bootstrap.resamples = 200;
  data.effective_yaml = "run: a<b\n";
  return data;
}

TEST_CASE("A report holds its data escaped, its tags are balanced, and it needs nothing from outside") {
  const std::string html = report_html(full_report());
  CHECK(unbalanced_tag(html) == "");
  CHECK_FALSE(contains(html, "<script"));
  CHECK(contains(html, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;"));
  for (const char* escaped :
       {"my &lt;run&gt;", "rest&lt;b&gt;", "the &lt;divergence&gt; explodes", "run: a&lt;b"})
    CHECK(contains(html, escaped));
  for (const char* outside : {"http://", "https://", "src=", "@import", "url("})
    CHECK_FALSE(contains(html, outside));
  for (const char* part : {"Would gain most from an exchange", "No exchange would raise", "10.00\u00a0€",
                           "bought", "clicked", "new here", "the largest gain of all"})
    CHECK(contains(html, part));
}

TEST_CASE("A report shows click models with their perplexity by rank and where users look") {
  const std::string html = report_html(full_report());
  for (const char* part :
       {"By held-out perplexity, pbm explains the uniformly random pages", "seen at &lt;two&gt; positions",
        "<th>pbm (chosen)</th><td>1.5000</td>", "<td>12</td>", "<td>counted</td>", "Perplexity by rank",
        "click rates by place", "Examination by slot"})
    CHECK(contains(html, part));
  ReportData without = full_report();
  without.records.clicks.reset();
  CHECK(contains(report_html(without), "No click models were fitted"));
  // A log without validation users.
  for (FittedClicks& model : without.records.clicks.emplace(some_click_models()).models) {
    model.held_out.reset();
    model.examination_by_slot.clear();
  }
  CHECK(contains(report_html(without), "<th>pbm (chosen)</th><td>–</td>"));
  CHECK_FALSE(contains(report_html(without), "Perplexity by rank"));
}

TEST_CASE("A report shows how often pages are valid without the grammar, and whether that was trained for") {
  ReportData data = full_report();
  CHECK_FALSE(contains(report_html(data), "Without the grammar"));
  Evaluation free = judged(1, 0.5, 1.5);
  free.policies[1].metrics["validity"] = {0.25, 0.2, 0.3, 24};
  free.policies[1].causes = {{"unknown<token>", 18}};
  data.unconstrained = EvaluationReport{free, {}, GrammarUse::off_not_trained_for};
  for (const char* part :
       {"Without the grammar", "not trained for this", "unknown&lt;token&gt; (18)", "25.0\u00a0%"})
    CHECK(contains(report_html(data), part));
  data.unconstrained->grammar = GrammarUse::off_trained_for;
  CHECK(contains(report_html(data), "warmed up for this"));
  CHECK_FALSE(contains(report_html(data), "not trained for this"));
  data.evaluation.reset();
  CHECK(contains(report_html(data), "warmed up for this"));
}

TEST_CASE("A report shows the reward beside the judge's, and alarms in words") {
  const std::string html = report_html(full_report());
  for (const char* part : {"Reward hacking watch", "both: reward, judge and truth", "held-out judge",
                           "the judge&#39;s &lt;reward&gt; fell", "What to do:</i> raise it",
                           "was ended by an alarm after 3 iterations", "term.few&lt;ads&gt;.multiplier"})
    CHECK(contains(html, part));
  ReportData quiet = full_report();
  quiet.records.trainings[0].alarms = {};
  CHECK(contains(report_html(quiet), "No alarm was raised."));
}

TEST_CASE("A report of an empty run says in words what is missing") {
  ReportData data;
  data.title = "empty";
  data.policy = "both";
  data.baseline = "logged";
  data.evaluation_problem = data.examples_problem = "The policies were not evaluated yet.";
  const std::string html = report_html(data);
  CHECK(unbalanced_tag(html) == "");
  CHECK(contains(html, "No verdict"));
  CHECK(occurrences(html, "The policies were not evaluated yet.") >= 4);
  CHECK(contains(html, "No policy was trained yet"));
}

TEST_CASE("The verdict follows the interval of the first figure, and says so plainly") {
  const Verdict better = judge(judged(1, 0.5, 1.5), "both", "logged");
  CHECK(better.kind == VerdictKind::better);
  CHECK(contains(better.sentence, "are worth 10.0\u00a0% more"));
  CHECK(contains(better.surety, "+5.0\u00a0% and +15.0\u00a0%"));
  CHECK(contains(better.surety, "4,000 requests of 1,800 shoppers"));

  const Verdict worse = judge(judged(-1, -1.5, -0.5), "both", "logged");
  CHECK(worse.kind == VerdictKind::worse);
  CHECK(contains(worse.sentence, "10.0\u00a0% less"));

  const Verdict open = judge(judged(0.1, -0.2, 0.4), "both", "logged");
  CHECK(open.kind == VerdictKind::not_shown);
  CHECK(open.headline == "Not shown to be better");
  CHECK(contains(open.sentence, "could as well be none"));

  const Verdict mixed = judge(judged(1, 0.5, 1.5, {-5, -6, -4, 24}), "both", "logged");
  CHECK(mixed.kind == VerdictKind::mixed);
  CHECK(contains(mixed.sentence, "5.0\u00a0% fewer clicks"));

  CHECK(judge(judged(1, 0.5, 1.5), "both", "oracle").kind == VerdictKind::unknown);
}

TEST_CASE("Without truth the verdict rests on logged feedback and says what that cannot show") {
  Evaluation evaluation;
  evaluation.policies = {{"logged", {{"ndcg@10", {0.5, 0.4, 0.6, 9}}}, {}}, {"both", {}, {}}};
  evaluation.differences = {{"both", "logged", {{"ndcg@10", {0.05, 0.01, 0.09, 9}}}}};
  const Verdict verdict = judge(evaluation, "both", "logged");
  CHECK(verdict.kind == VerdictKind::better);
  CHECK(contains(verdict.sentence, "10.0\u00a0% more ranking quality"));
  CHECK(contains(verdict.surety, "a test with shoppers"));
}

TEST_CASE("A plot holds one point for each finite value, at its place, and a name for each mark") {
  const Plot plot{"loss",
                  "epoch",
                  "nats",
                  "",
                  {{"a<b", {{0, 0}, {5, 10}, {10, kNotMeasured}, {10, 5}}, 1, true}},
                  {{"kept", 5, 10}}};
  const std::string svg = plot_figure(plot);
  CHECK(unbalanced_tag(svg) == "");
  CHECK(occurrences(svg, "<circle") == 3);
  CHECK(contains(svg, "a&lt;b: 5.000, 10.00"));
  CHECK(contains(svg, ">kept</text>"));
  // Axes run from 0 to 10; the frame of the plot is 460 x 260 with margins 58, 14, 12 and 42.
  CHECK(contains(svg, "points=\"58.0,218.0 252.0,12.0 446.0,115.0 \""));
  CHECK(contains(plot_figure({"empty", "x", "y", "", {}, {}}), "nothing to draw"));
}

TEST_CASE("Slices compare the right requests, and losers come first") {
  const auto examples = report_examples();
  BootstrapOptions options;
  options.resamples = 500;
  const auto slices = compare_slices(examples, "both", "logged", &PageMetrics::true_utility, options);
  REQUIRE(slices.size() == 2);  // prices and history are the same for all
  CHECK(slices[0].name == SliceName{"device", "desk"});
  CHECK(slices[0].difference.high < 0);
  CHECK(slices[1].difference.low > 0);
  for (const SliceResult& slice : slices) {
    double sum = 0, base = 0;
    int count = 0;
    for (const PageExample& example : examples)
      if (example.request.context.at("device") == slice.name.second) {
        sum += example.policies[1].metrics.true_utility - example.policies[0].metrics.true_utility;
        base += example.policies[0].metrics.true_utility;
        ++count;
      }
    CHECK(slice.difference.n == count);
    CHECK(slice.difference.mean == Approx(sum / count));
    CHECK(slice.baseline == Approx(base / count));
  }
  CHECK(compare_slices(examples, "both", "nobody", &PageMetrics::true_utility, options).empty());
}

TEST_CASE("Changes on the site are counted over all slots") {
  const SiteChanges changes = site_changes(report_examples(), "both", "logged");
  CHECK(changes.pages == 24);
  CHECK(changes.pages_changed == 1);
  CHECK(changes.first_changed == 1);
  CHECK(changes.slots_new == Approx(1.0 / 3));  // item 3 is new, items 0 and 2 are not
  REQUIRE(changes.categories.size() == 2);
  CHECK(changes.categories[0].value == "pots");
  CHECK(changes.categories[0].change() == Approx(1.0 / 3));
  CHECK(changes.categories[1].change() == Approx(-1.0 / 3));
  CHECK(changes.brands.front().value == "none");
}

TEST_CASE("Exchanges are those that the schema allows, and the best of each slot is found") {
  PageSchema schema = report_schema();
  schema.caps = {{"category", 2}};
  const Request request = report_examples().front().request;
  const Page page = report_page(0, 1, 3);  // two cups, the most allowed
  const Exchanges exchanges = page_exchanges(schema, request, page);
  std::size_t allowed = 0;
  for (int slot = 0; slot < 3; ++slot) {
    allowed += static_cast<std::size_t>(2 - slot);  // later slots: categories stay
    allowed += slot == 2 ? 1 : 2;                   // items 2 and 4; a third cup in slot 2 is not allowed
  }
  REQUIRE(exchanges.exchanges.size() == allowed);
  for (const Page& changed : exchanges.pages) CHECK(page_violations(schema, request, changed).empty());
  std::vector<double> rewards(allowed, 1.0);
  rewards[1] = 4;
  const auto best = best_exchanges(3, exchanges.exchanges, rewards, 1.5);
  REQUIRE(best[0]);
  CHECK(best[0]->gain == 2.5);
  CHECK(best[0]->other_slot == exchanges.exchanges[1].other_slot);
  REQUIRE(best[2]);
  CHECK(best[2]->gain == -0.5);
  CHECK(best[2]->item == 4);
}

TEST_CASE("Run records are read as training wrote them, and unreadable files are named") {
  const test::TemporaryFolder folder;
  for (const char* name : {"curves", "train/both", "rewards"}) make_folders(folder / name);
  write_file_atomically(
      folder / "curves/warmup.json",
      R"({"unit":"nats a page","best":1,"points":[{"epoch":0,"train_loss":0,"held_out_loss":3},)"
      R"({"epoch":1,"train_loss":2,"held_out_loss":2.5}]})");
  write_file_atomically(folder / "curves/item.json", "{broken");
  write_file_atomically(folder / "train/both/metrics.jsonl",
                        "{\"iteration\":0,\"reward\":0.5,\"seconds\":1}\n");
  write_file_atomically(folder / "train/both/warnings.txt", "one\n\ntwo\n");
  write_file_atomically(folder / "rewards/report.json",
                        R"({"page-utility":{"pairs":{"natural":{"accuracy":0.7,"pairs":9}},)"
                        R"("click":{"auc":0.6,"calibration_error":0.01,"events":5}}})");
  write_file_atomically(
      folder / "rewards/card.json",
      R"({"weaknesses":["few clicks"],"models":{"page-utility":{"click":{"calibration_error":0.01,)"
      R"("reliability":[{"predicted":0.1,"seen":0.2,"events":5}]},"calibration":{"click":{"before":)"
      R"({"calibration_error":0.3,"reliability":[]}}}},"item":{"swaps":{"accuracy":0.6,"pairs":3}}}})");
  ClickLog clicks;
  clicks.space = list_space(2, 2);
  clicks.train.add_list(std::vector<int>{0, 1}, std::vector<std::uint8_t>{1, 0});
  write_click_models(folder / "clicks", {fit_clicks("dcm", clicks, {}), fit_clicks("pbm", clicks, {})}, 1, {},
                     clicks.view);
  const std::vector<std::string> policies{"both", "pairs"};
  const RunRecords records = read_run_records(folder.path(), policies);
  REQUIRE(records.clicks);
  CHECK(records.clicks->choice.chosen == "pbm");
  REQUIRE(records.clicks->models.size() == 2);
  CHECK(records.clicks->models[0].model == "pbm");
  CHECK(records.clicks->models[0].examination_by_slot.size() == 2);
  REQUIRE(records.curves.size() == 1);
  REQUIRE(records.reward_card.reliability.size() == 2);
  CHECK(records.reward_card.reliability[0].before);
  CHECK(records.reward_card.reliability[0].error == 0.3);
  CHECK(records.reward_card.reliability[1].model == "page-utility");
  REQUIRE(records.reward_card.reliability[1].bins.size() == 1);
  CHECK(records.reward_card.reliability[1].bins[0].seen == 0.2);
  CHECK(records.reward_card.weaknesses == std::vector<std::string>{"few clicks"});
  CHECK(records.curves[0].points[1].held_out_loss == 2.5);
  CHECK(std::isnan(records.curves[0].points[0].train_loss));
  REQUIRE(records.trainings.size() == 1);
  CHECK(records.trainings[0].metrics[0].metrics.at("reward") == 0.5);
  CHECK(records.trainings[0].warnings == std::vector<std::string>{"one", "two"});
  REQUIRE(records.problems.size() == 1);
  CHECK(contains(records.problems[0], "item.json"));
  REQUIRE(records.reward_figures.size() == 3);
  const auto natural =
      std::find_if(records.reward_figures.begin(), records.reward_figures.end(),
                   [](const RewardFigure& figure) { return figure.name == "natural pairs, right"; });
  REQUIRE(natural != records.reward_figures.end());
  CHECK(natural->count == 9);
}

TEST_CASE("Prices and numbers are written for people") {
  CHECK(price_text(123456, "EUR") == "1,234.56\u00a0€");
  CHECK(price_text(1200, "JPY") == "1,200\u00a0¥");
  CHECK(price_text(1200, "XXX") == "12.00");
  CHECK(price_text(5, "CHF") == "0.05\u00a0CHF");
  CHECK(price_text(std::nullopt, "") == "no price");
  CHECK(number_text(1234567) == "1,234,567");
  CHECK(number_text(kNotMeasured) == "–");
  CHECK(signed_percent(-0.0001) == "+0.0\u00a0%");
  CHECK(signed_percent(-0.123) == "\u221212.3\u00a0%");
}

}  // namespace
}  // namespace pagewright
