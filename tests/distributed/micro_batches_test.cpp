#include "distributed/pipeline/micro_batches.hpp"

#include <span>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>

#include "core/iteration/pack.hpp"
#include "core/model/transformer.hpp"
#include "distributed/pipeline/page_evaluation.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// A request with a prompt of so many positions and a page of each of these numbers of tokens.
LearningRequest sized_request(int prompt, const std::vector<int>& pages) {
  LearningRequest request;
  for (int i = 0; i < prompt; ++i) request.prompt.tokens.push(0);
  for (const int tokens : pages) {
    LearningPage page;
    page.trajectory.tokens.assign(static_cast<std::size_t>(tokens), 0);
    request.pages.push_back(std::move(page));
  }
  return request;
}

std::vector<std::size_t> borders_of(const std::vector<LearningRequest>& requests, int by_number,
                                    std::int64_t by_tokens) {
  PpoConfig config;
  config.micro_batch = by_number;
  config.micro_batch_tokens = by_tokens;
  std::vector<const LearningRequest*> pointers;
  for (const LearningRequest& request : requests) pointers.push_back(&request);
  const MicroBatchCut cut = cut_micro_batches(config, pointers);
  std::size_t seen = 0;
  for (int i = 0; i < cut.count() + 2; ++i) {
    std::int64_t tokens = 0;
    for (const LearningRequest* request : cut.part(pointers, i)) {
      CHECK(request == pointers.at(seen++));
      tokens += packed_tokens(*request);
    }
    CHECK(tokens <= cut.largest);
    CHECK((tokens > 0) == (i < cut.count()));
  }
  CHECK(seen == requests.size());
  return cut.borders;
}

/// Three requests of the shop with pages that a model drew.
struct PackedShop {
  PageLanguage language = shop_test::shop_language();
  std::vector<Request> requests = shop_test::shop_requests(3);
  FlatParameters parameters = make_parameters();
  std::vector<LearningRequest> learning;

  PackedShop() {
    shop_test::ForwardGenerator generator(language, parameters);
    std::vector<KeyedRequest> keyed;
    for (std::size_t i = 0; i < requests.size(); ++i)
      keyed.push_back({&requests[i], static_cast<std::int64_t>(i)});
    SampleOptions options;
    options.samples = 2;
    const auto pages = generator.generate(keyed, options);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      LearningRequest& request = learning.emplace_back();
      request.request = keyed[i];
      request.prompt = language.prompt(requests[i], pages[2 * i].order);
      const PageGrammar grammar = language.grammar(requests[i], pages[2 * i].order);
      for (std::size_t sample = 0; sample < 2; ++sample) {
        LearningPage page;
        page.trajectory = pages[2 * i + sample];
        page.masks = grammar.masks(page.trajectory.tokens);
        request.pages.push_back(std::move(page));
      }
    }
  }

  FlatParameters make_parameters() const {
    FlatParameters made(shop_test::shop_model(language, 2));
    made.initialise(5);
    return made;
  }

  std::vector<const LearningRequest*> pointers() const { return {&learning[0], &learning[1], &learning[2]}; }
  at::Tensor hidden() const {
    std::vector<PackedRequest> to_pack;
    for (const LearningRequest& request : learning) {
      PackedRequest packed{&request.prompt, {}, {}};
      for (const LearningPage& page : request.pages) packed.responses.emplace_back(page.trajectory.tokens);
      to_pack.push_back(std::move(packed));
    }
    return hidden_states(parameters.view(), pack(language.vocabulary(), to_pack, false).batch);
  }
  PageEvaluation evaluation() const {
    return evaluate_pages(parameters.view(), language.vocabulary(), pointers());
  }
  std::int64_t targets(std::size_t request) const {
    std::int64_t count = 0;
    for (const LearningPage& page : learning[request].pages) count += std::ssize(page.trajectory.tokens);
    return count;
  }
};

}  // namespace

TEST_CASE("a packed request counts its prompt once and its pages without their last tokens") {
  const LearningRequest request = sized_request(10, {5, 7});
  CHECK(packed_tokens(request) == 10 + 4 + 6);
  CHECK(unshared_tokens(request) == 14 + 16);
}

TEST_CASE("a lane is cut in order by the number of requests or by the positions that they take") {
  std::vector<LearningRequest> requests;
  for (const int prompt : {10, 20, 15, 90, 5, 5, 5}) requests.push_back(sized_request(prompt, {1}));
  using Borders = std::vector<std::size_t>;
  CHECK(borders_of(requests, 0, 0) == Borders{0, 7});
  CHECK(borders_of(requests, 3, 0) == Borders{0, 3, 6, 7});
  CHECK(borders_of(requests, 7, 0) == Borders{0, 7});
  CHECK(borders_of(requests, 0, 30) == Borders{0, 2, 3, 4, 7});
  CHECK(borders_of(requests, 0, 29) == Borders{0, 1, 2, 3, 4, 7});
  CHECK(borders_of(requests, 0, 45) == Borders{0, 3, 4, 7});
  CHECK(borders_of(requests, 0, 1) == Borders{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(borders_of(requests, 0, 1000) == Borders{0, 7});
  CHECK(borders_of({}, 0, 30) == Borders{0});
}

TEST_CASE("packed requests do not see each other: changing one changes no bit of the others") {
  const at::NoGradGuard no_gradients;
  PackedShop shop;
  const std::int64_t before = packed_tokens(shop.learning[0]), last = packed_tokens(shop.learning[2]);
  const at::Tensor hidden = shop.hidden();
  const PageEvaluation evaluation = shop.evaluation();
  REQUIRE(hidden.size(0) == before + packed_tokens(shop.learning[1]) + last);

  // Another prompt, longer, and other pages in the middle, one of them of another length.
  LearningRequest& middle = shop.learning[1];
  const LearningRequest old = middle;
  shop.requests[1].query = "another query";
  for (Item& item : shop.requests[1].candidates) item.price = 99 - *item.price;
  middle.prompt = shop.language.prompt(shop.requests[1], old.prompt.order);
  const PageGrammar grammar = shop.language.grammar(shop.requests[1], old.prompt.order);
  const LayoutVocabulary& vocabulary = shop.language.vocabulary();
  middle.pages[0].trajectory.tokens = {
      vocabulary.section(0),    vocabulary.item(5),       vocabulary.item(4),
      vocabulary.section_end(), vocabulary.section(1),    vocabulary.item(3),
      vocabulary.item(0),       vocabulary.section_end(), vocabulary.page_end()};
  middle.pages[1].trajectory.tokens = {vocabulary.section(0),    vocabulary.item(2),    vocabulary.item(1),
                                       vocabulary.section_end(), vocabulary.section(1), vocabulary.item(0),
                                       vocabulary.section_end(), vocabulary.page_end()};
  for (LearningPage& page : middle.pages) page.masks = grammar.masks(page.trajectory.tokens);

  const at::Tensor other = shop.hidden();
  CHECK(at::equal(other.narrow(0, 0, before), hidden.narrow(0, 0, before)));
  CHECK(
      at::equal(other.narrow(0, other.size(0) - last, last), hidden.narrow(0, hidden.size(0) - last, last)));
  CHECK_FALSE(at::equal(other.narrow(0, before, 20), hidden.narrow(0, before, 20)));

  const PageEvaluation changed = shop.evaluation();
  const auto same = [&](const at::Tensor& a, const at::Tensor& b) {
    const std::int64_t first = shop.targets(0), third = shop.targets(2);
    return at::equal(a.narrow(0, 0, first), b.narrow(0, 0, first)) &&
           at::equal(a.narrow(0, a.size(0) - third, third), b.narrow(0, b.size(0) - third, third));
  };
  CHECK(same(evaluation.log_probs, changed.log_probs));
  CHECK(same(evaluation.entropy, changed.entropy));
  CHECK(same(evaluation.values, changed.values));
  // What the packed requests get by themselves is the same too.
  const LearningRequest* third[] = {&shop.learning[2]};
  const PageEvaluation alone = evaluate_pages(shop.parameters.view(), vocabulary, third);
  const std::int64_t count = alone.log_probs.size(0);
  CHECK(at::equal(alone.log_probs, changed.log_probs.narrow(0, changed.log_probs.size(0) - count, count)));
}
