#include "distributed/transport/page_messages.hpp"

#include <string_view>

#include "core/base/byte_buffer.hpp"
#include "core/base/error.hpp"
#include "distributed/pipeline/page_source.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;
using namespace pagewright::shop_test;

namespace {

ScoredPages shop_pages(ShopRun& shop) {
  SampleOptions options;
  options.seed = 3;
  options.samples = 2;
  PhaseClock clock;
  const auto requests = shop.keyed_requests(3);
  LocalPageSource source(shop.generator(), shop.scorer());
  source.order(requests, options, clock);
  return source.take(clock);
}

}  // namespace

TEST_CASE("pages and scores arrive as they were sent") {
  ShopRun shop(shop_config(), 1);
  ScoredPages pages = shop_pages(shop);
  pages.scores[1].terms.push_back({"page", 1.5F, -0.25F, {1, 2}, {}, {{"clipped", 0}, {"fallback", 1}}});
  pages.scores[1].invalid_cause = "too few slots";
  const auto trajectories = unpack_trajectories(shop.language(), pack_trajectories(pages.trajectories));
  REQUIRE(trajectories.size() == pages.trajectories.size());
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    const Trajectory &sent = pages.trajectories[i], &got = trajectories[i];
    CHECK(got.request == sent.request);
    CHECK(got.sample == sent.sample);
    CHECK(got.order == sent.order);
    CHECK(got.tokens == sent.tokens);
    CHECK(got.log_probs == sent.log_probs);
    CHECK(got.page == sent.page);
    CHECK(got.spans == sent.spans);
    CHECK(got.invalid_cause == sent.invalid_cause);
    CHECK(got.finish == sent.finish);
    CHECK(got.policy_version == sent.policy_version);
  }
  const auto scores = unpack_scores(pack_scores(pages.scores));
  REQUIRE(scores.size() == pages.scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const Score &sent = pages.scores[i], &got = scores[i];
    CHECK(got.page_reward == sent.page_reward);
    CHECK(got.slot_rewards == sent.slot_rewards);
    CHECK(got.format_reward == sent.format_reward);
    CHECK(got.reference_log_probs == sent.reference_log_probs);
    CHECK(got.invalid_cause == sent.invalid_cause);
    REQUIRE(got.terms.size() == sent.terms.size());
    for (std::size_t t = 0; t < got.terms.size(); ++t) {
      CHECK(got.terms[t].name == sent.terms[t].name);
      CHECK(got.terms[t].page_raw == sent.terms[t].page_raw);
      CHECK(got.terms[t].page == sent.terms[t].page);
      CHECK(got.terms[t].slots_raw == sent.terms[t].slots_raw);
      CHECK(got.terms[t].slots == sent.terms[t].slots);
      CHECK(got.terms[t].figures == sent.terms[t].figures);
    }
  }
}

TEST_CASE("a message that was cut short anywhere is an error") {
  ShopRun shop(shop_config(), 1);
  const ScoredPages pages = shop_pages(shop);
  const std::string trajectories = pack_trajectories(pages.trajectories), scores = pack_scores(pages.scores);
  for (std::size_t size = 0; size < trajectories.size(); ++size)
    CHECK_THROWS_AS(unpack_trajectories(shop.language(), std::string_view(trajectories).substr(0, size)),
                    Error);
  for (std::size_t size = 0; size < scores.size(); ++size)
    CHECK_THROWS_AS(unpack_scores(std::string_view(scores).substr(0, size)), Error);
  CHECK_THROWS_AS(unpack_scores(scores + "x"), Error);
}

TEST_CASE("lengths that make no sense are refused before memory is taken") {
  ByteWriter writer;
  writer.value(std::int64_t{1} << 60);
  const std::string bytes = writer.take();
  CHECK_THROWS_WITH(ByteReader(bytes, "message").values<float>(),
                    "message: 1152921504606846976 elements of 4 bytes announced, 0 bytes left");
  ByteWriter negative;
  negative.value(std::int64_t{-1});
  const std::string other = negative.take();
  CHECK_THROWS_AS(ByteReader(other, "message").text(), Error);
}

TEST_CASE("scores as older programs packed them, without figures, are read") {
  ByteWriter writer;
  writer.value(std::int64_t{1});  // scores
  writer.value(std::int64_t{1});  // terms
  writer.text("item");
  writer.value(0.25F);
  writer.value(0.5F);
  writer.values(std::vector<float>{1, 2});
  writer.values(std::vector<float>{3, 4});
  writer.value(1.5F);
  writer.values(std::vector<float>{5, 6});
  writer.value(-1.0F);
  writer.values(std::vector<float>{-0.5F});
  writer.text("too few slots");
  const auto scores = unpack_scores(writer.take());
  REQUIRE(scores.size() == 1);
  REQUIRE(scores[0].terms.size() == 1);
  CHECK(scores[0].terms[0].name == "item");
  CHECK(scores[0].terms[0].slots == std::vector<float>{3, 4});
  CHECK(scores[0].terms[0].figures.empty());
  CHECK(scores[0].slot_rewards == std::vector<float>{5, 6});
  CHECK(scores[0].reference_log_probs == std::vector<float>{-0.5F});
  CHECK(scores[0].invalid_cause == "too few slots");
}
