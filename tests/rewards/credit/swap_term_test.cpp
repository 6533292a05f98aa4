#include "rewards/credit/swap_term.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "rewards/credit/potential_term.hpp"
#include "rewards/credit/swap_credit.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Two pages each of three requests of the simulated shop, and a page model with random weights.
struct SwapScene {
  PageLanguage language = models_test::quickstart_language();
  World world = test::small_world(4, 40, 10);
  FeedbackLog log = simulate_log(world);
  FlatParameters page;
  GainWeights gains{1, 5, 1, 3000};
  std::unique_ptr<LanePool> pool = make_lane_pool(2);
  RewardScale scale;
  PageModelForm form;
  std::vector<RequestPages> groups;

  explicit SwapScene(PageModelForm of_form = PageModelForm::utility)
      : page(models_test::noisy_model(models_test::quickstart_model(language, page_model_heads(of_form)), 3)),
        form(of_form) {
    scale.page_sd = 0.25;
    for (std::int64_t r = 0; r < 3; ++r) {
      const Request& request = log.requests[static_cast<std::size_t>(r)].request;
      std::vector<Page> pages;
      for (std::uint64_t s = 0; s < 2; ++s)
        pages.push_back(test::uniform_page(world, request, 10 * static_cast<std::uint64_t>(r) + s));
      groups.push_back(models_test::encoded_pages(language, request, r, pages));
    }
  }
  LearnedTermContext context() const { return {language.vocabulary(), scale, *pool}; }
  SwapCreditTerm term(SwapConfig config) const {
    return {context(), language, page.view(), form, gains, config, 1};
  }
};

TEST_CASE("the swap term gives what separate full passes over every swapped page give") {
  for (const PageModelForm form : {PageModelForm::utility, PageModelForm::pairs}) {
    const SwapScene scene(form);
    const SwapConfig config{SwapWith::both, 3};
    const auto said = scene.term(config).score(scene.groups);
    REQUIRE(said.size() == 6);
    std::size_t next = 0;
    for (const RequestPages& group : scene.groups)
      for (const Page& page : group.pages) {
        const auto score_alone = [&](const Page& alone) {
          const RequestPages one =
              models_test::encoded_pages(scene.language, *group.request, group.key, {alone});
          return static_cast<double>(
              score_pages(scene.context(), scene.page.view(), scene.form, scene.gains, std::span(&one, 1))[0]
                  .page);
        };
        const auto alternatives =
            slot_alternatives(scene.language.schema(), *group.request, page, config, {1, group.key});
        std::vector<double> others;
        for (const SlotAlternative& alternative : alternatives)
          others.push_back(score_alone(alternative.page));
        CHECK(alternatives.size() == 8 * 3);
        const auto wanted = swap_credit(score_alone(page), alternatives, others, page.slot_count());
        const TermScore& term = said[next++];
        CHECK(term.page == 0);
        REQUIRE(term.slots.size() == wanted.size());
        bool differs = false;
        for (std::size_t k = 0; k < wanted.size(); ++k) {
          // To the bit without the sigmoids of the utility form, whose last bit hangs on the place in the
          // batch.
          if (form == PageModelForm::pairs) {
            CHECK(term.slots_raw[k] == static_cast<float>(wanted[k]));
            CHECK(term.slots[k] == static_cast<float>(std::clamp(wanted[k] / 0.25, -5.0, 5.0)));
          }
          CHECK(term.slots_raw[k] == Approx(wanted[k]).margin(1e-5));
          CHECK(term.slots[k] == Approx(std::clamp(wanted[k] / 0.25, -5.0, 5.0)).margin(1e-4));
          differs = differs || wanted[k] != 0;
        }
        CHECK(differs);
      }
  }
}

TEST_CASE("swapped pages compute the prompt once a request and the slots above a swap once a page") {
  const SwapScene scene;
  const SwapConfig config{SwapWith::both, 3};
  std::vector<std::vector<SlotAlternative>> alternatives;
  const RequestPages all = with_alternatives(scene.language, scene.groups[0], config, 1, alternatives);
  const std::int64_t prompt = all.prompt.tokens.size(),
                     page = static_cast<std::int64_t>(all.encoded[0].tokens.size());
  std::int64_t wanted = prompt + 2 * page;
  for (std::size_t p = 2; p < all.pages.size(); ++p) wanted += page - all.shared[p].tokens;
  CHECK(models_test::batch_of(scene.language, std::span(&all, 1)).packed.batch.rows() == wanted);
  // 2 pages with 24 swapped ones each: full passes would take 50 prompts and pages.
  CHECK(all.pages.size() == 50);
  CHECK(4 * wanted < 50 * (prompt + page));
}

TEST_CASE("swap credits do not depend on the requests beside, nor on threads") {
  const SwapScene scene;
  const SwapConfig config{SwapWith::later, 2};
  const auto all = scene.term(config).score(scene.groups);
  std::size_t next = 0;
  const auto one_thread = make_lane_pool(1);
  SwapCreditTerm alone({scene.language.vocabulary(), scene.scale, *one_thread}, scene.language,
                       scene.page.view(), scene.form, scene.gains, config, 1);
  for (const RequestPages& group : scene.groups)
    for (const TermScore& term : alone.score(std::span(&group, 1))) CHECK(term.slots == all[next++].slots);
  for (const TermScore& term : all) CHECK(term.slots.back() == 0);  // nothing comes after the last slot
}

TEST_CASE("the potential's gains are those that item_credit utility pays") {
  SwapScene scene;
  scene.scale.slot_gain_mean = {0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1};
  PotentialTerm potential(scene.context(), scene.page.view(), scene.form, scene.gains);
  LearnedPageTerm utility(scene.context(), scene.page.view(), scene.form, scene.gains, ItemCredit::utility);
  const auto said = potential.score(scene.groups), paid = utility.score(scene.groups);
  for (std::size_t i = 0; i < said.size(); ++i) {
    CHECK(said[i].slots_raw == paid[i].slots);
    CHECK(said[i].slots.empty());
    CHECK(said[i].page == 0);
  }
  CHECK_THROWS_AS(PotentialTerm(scene.context(), scene.page.view(), PageModelForm::pairs, scene.gains),
                  Error);
}

}  // namespace
}  // namespace pagewright
