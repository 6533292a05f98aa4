#include "rollout/baselines/random_policy.hpp"

#include <cmath>
#include <map>

#include "core/base/error.hpp"
#include "core/page/page_schema.hpp"
#include "tests/rollout/baselines/shop_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Probability of every page under uniform choice at each step, by walking through the whole tree.
void enumerate_uniform(const PageLanguage& language, const CandidateOrder& order, const PageGrammar& grammar,
                       const PageGrammar::State& state, std::vector<TokenId>& prefix, double probability,
                       std::map<std::vector<TokenId>, double>& pages) {
  if (state.finished()) {
    pages[prefix] += probability;
    return;
  }
  std::vector<std::int32_t> allowed;
  grammar.allowed(state, allowed);
  for (const std::int32_t index : allowed) {
    PageGrammar::State next = state;
    prefix.push_back(language.vocabulary().layout_begin() + index);
    grammar.advance(next, prefix.back());
    enumerate_uniform(language, order, grammar, next, prefix,
                      probability / static_cast<double>(allowed.size()), pages);
    prefix.pop_back();
  }
}

PageSchema tiny_schema() {
  PageSchema schema;
  SectionType row;
  row.name = "row";
  row.max_slots = 2;
  schema.section_types = {row};
  schema.max_candidates = 4;
  return schema;
}

}  // namespace

TEST_CASE("every page of the random policy is valid") {
  const PageLanguage language = test::shop_language();
  RandomPolicy policy(language, GENERATE(RandomLength::full, RandomLength::any));
  SampleOptions options;
  options.samples = 5;
  for (std::uint64_t number = 0; number < 40; ++number) {
    const Request request = test::shop_request(number);
    const KeyedRequest keyed{&request, static_cast<std::int64_t>(number)};
    const auto pages = policy.generate(std::span(&keyed, 1), options);
    REQUIRE(pages.size() == 5);
    for (int sample = 0; sample < 5; ++sample) {
      const Trajectory& page = pages[static_cast<std::size_t>(sample)];
      CHECK(page_violations(language.schema(), request, page.page).empty());
      CHECK(page.invalid_cause.empty());
      CHECK(page.sample == sample);
      CHECK(page.request == keyed.key);
      CHECK(language.encode(page.order, page.page).tokens == page.tokens);
      CHECK(static_cast<int>(page.spans.slots.size()) == page.page.slot_count());
    }
  }
}

TEST_CASE("the random policy draws pages with the probabilities that it states") {
  const PageLanguage language = test::shop_language(tiny_schema(), CandidateOrderKind::logged);
  RandomPolicy policy(language, RandomLength::any);
  const Request request = test::shop_request(0, 3);
  const KeyedRequest keyed{&request, 0};
  const CandidateOrder order{0, 1, 2};
  const PageGrammar grammar = language.grammar(request, order);
  std::map<std::vector<TokenId>, double> expected;
  std::vector<TokenId> prefix;
  enumerate_uniform(language, order, grammar, grammar.start(), prefix, 1.0, expected);
  REQUIRE(expected.size() == 3 + 6);

  SampleOptions options;
  options.samples = 20000;
  const auto pages = policy.generate(std::span(&keyed, 1), options);
  std::map<std::vector<TokenId>, int> counts;
  for (const Trajectory& page : pages) ++counts[page.tokens];
  double chi_square = 0;
  for (const auto& [tokens, probability] : expected) {
    const double mean = probability * options.samples;
    chi_square += (counts[tokens] - mean) * (counts[tokens] - mean) / mean;
  }
  CHECK(chi_square < 26.1);  // 99.9 % quantile with 8 degrees of freedom

  double total = 0;
  const std::vector<KeyedRequest> twice{keyed, keyed};
  const auto log_probs = policy.log_probs(twice, std::span(pages).first(2));
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(log_probs[i] == pages[i].log_probs);
    double sum = 0;
    for (const float value : log_probs[i]) sum += value;
    CHECK(std::exp(sum) == Approx(expected.at(pages[i].tokens)));
  }
  for (const auto& [tokens, probability] : expected) total += probability;
  CHECK(total == Approx(1));
}

TEST_CASE("full random pages fill their sections and state their probabilities") {
  const PageLanguage language = test::shop_language(tiny_schema(), CandidateOrderKind::logged);
  RandomPolicy full(language), any(language, RandomLength::any);
  const Request request = test::shop_request(0, 3);
  const KeyedRequest keyed{&request, 0};
  SampleOptions options;
  options.samples = 6000;
  const auto pages = full.generate(std::span(&keyed, 1), options);
  std::map<std::vector<TokenId>, int> counts;
  for (const Trajectory& page : pages) ++counts[page.tokens];
  REQUIRE(counts.size() == 6);
  for (const auto& [tokens, count] : counts) CHECK(std::abs(count - 1000) < 100);  // 3.5 standard deviations
  CHECK(full.log_probs(std::span(&keyed, 1), std::span(pages).first(1)).at(0) == pages[0].log_probs);

  Trajectory shorter;
  shorter.order = {0, 1, 2};
  shorter.tokens = language.encode(shorter.order, {{{0, {1}}}}).tokens;
  const auto impossible = full.log_probs(std::span(&keyed, 1), std::span(&shorter, 1)).at(0);
  CHECK(impossible[1] == Approx(-std::log(3.0f)));
  CHECK(std::isinf(impossible[2]));
  CHECK(any.log_probs(std::span(&keyed, 1), std::span(&shorter, 1)).at(0)[2] == Approx(-std::log(3.0f)));
}

TEST_CASE("a random page depends on its key and on nothing beside it") {
  const PageLanguage language = test::shop_language();
  RandomPolicy policy(language);
  const Request first = test::shop_request(1), second = test::shop_request(2);
  const std::vector<KeyedRequest> both{{&first, 1}, {&second, 2}}, alone{{&second, 2}},
      other_key{{&second, 3}};
  SampleOptions options;
  const auto together = policy.generate(both, options);
  CHECK(together[1].tokens == policy.generate(alone, options)[0].tokens);
  CHECK(together[1].page != policy.generate(other_key, options)[0].page);
  options.seed = 1;
  CHECK(together[1].page != policy.generate(alone, options)[0].page);
}

TEST_CASE("the random policy refuses pages without requests") {
  const PageLanguage language = test::shop_language();
  RandomPolicy policy(language);
  const std::vector<Trajectory> one(1);
  CHECK_THROWS_AS(policy.log_probs({}, one), Error);
}

}  // namespace pagewright
