#include "distributed/warmup/warmup_task.hpp"

#include <numeric>

#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>

#include "core/iteration/pack.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::shop_test {
namespace {

/// Requests of the shop, each with a page of its first items and a click on the second.
FeedbackLog shop_log(int count) {
  FeedbackLog log;
  for (Request& request : shop_requests(count)) {
    LoggedPage& page = log.pages.emplace_back();
    page.request = std::ssize(log.requests);
    page.page_id = request.id;
    page.page.sections = {{0, {0, 1}}, {1, {2}}};
    page.events.emplace_back().kind = EventKind::click;
    page.events.back().slot = 1;
    log.requests.emplace_back().request = std::move(request);
  }
  return log;
}

struct WarmupShop {
  explicit WarmupShop(WarmupVocabulary vocabulary) {
    WarmupConfig config;
    config.vocabulary = vocabulary;
    config.unengaged_weight = 0.5;
    parameters.initialise(5);
    parameters.values().mul_(8);  // so that tokens differ
    task.emplace(language, log, examples, std::vector<WarmupExample>{}, config, 3, pool);
  }
  double loss() const {
    std::vector<std::int64_t> all(examples.size());
    std::iota(all.begin(), all.end(), 0);
    LaneSums sums;
    return task->loss(parameters.view(), all, sums).item<double>();
  }
  /// The same from one softmax over all logits of the model, or over those that the grammar allows.
  double expected(bool whole) const {
    double total = 0;
    for (const WarmupExample& example : examples) {
      const Request& request = log.requests[static_cast<std::size_t>(example.request)].request;
      const CandidateOrder order =
          language.candidate_order(request, 0, static_cast<std::uint64_t>(example.request));
      const std::vector<TokenId> tokens = language.encode(order, example.target).tokens;
      const Prompt prompt = language.prompt(request, order);
      const PackedRequest packed_request{&prompt, {tokens}, {}};
      const PackedBatch packed = pack(language.vocabulary(), {&packed_request, 1}, false);
      const at::Tensor hidden = hidden_states(parameters.view(), packed.batch);
      const std::int64_t base = language.vocabulary().layout_begin();
      const at::Tensor logits =
          at::cat({lm_logits(parameters.view(), gather_rows(hidden, packed.targets.row)).narrow(1, 0, base),
                   layout_logits(parameters.view(), hidden, packed.targets)},
                  1);
      const PageGrammar::Masks masks = language.grammar(request, order).masks(tokens);
      std::size_t slot = 0;
      for (std::size_t t = 0; t < tokens.size(); ++t) {
        at::Tensor row = logits[static_cast<std::int64_t>(t)];
        std::int64_t target = tokens[t];
        if (!whole) {
          std::vector<at::Tensor> allowed;
          target = -1;
          for (auto i = masks.offsets[t]; i < masks.offsets[t + 1]; ++i) {
            const std::int64_t token = base + masks.indices[static_cast<std::size_t>(i)];
            if (token == tokens[t]) target = std::ssize(allowed);
            allowed.push_back(row[token].unsqueeze(0));
          }
          row = at::cat(allowed);
        }
        const bool item = language.vocabulary().is_item(tokens[t]);
        const double weight = item && example.engaged[slot] == 0 ? 0.5 : 1;
        if (item) ++slot;
        total -= weight * at::log_softmax(row, 0)[target].item<double>();
      }
    }
    return total;
  }

  PageLanguage language = shop_language();
  FeedbackLog log = shop_log(12);
  std::vector<WarmupExample> examples =
      warmup_examples(log, language.schema(), Split::train, WarmupTarget::engaged_first).examples;
  FlatParameters parameters{shop_model(language)};
  LanePool pool{1};
  std::optional<WarmupTask> task;
};

}  // namespace

TEST_CASE("the warm-up's loss is that of a softmax over allowed tokens, or over the whole vocabulary") {
  const WarmupShop allowed(WarmupVocabulary::allowed), whole(WarmupVocabulary::whole);
  REQUIRE(allowed.examples.size() == 12);
  CHECK(allowed.loss() == Approx(allowed.expected(false)).epsilon(1e-5));
  CHECK(whole.loss() == Approx(whole.expected(true)).epsilon(1e-5));
  CHECK(whole.loss() > allowed.loss() + 1);
}

}  // namespace pagewright::shop_test
