#include "distributed/sharding/gradient_tree.hpp"

#include <atomic>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/lane_tree.hpp"
#include "distributed/sharding/sharding.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

constexpr std::int64_t kElements = 1000;

/// Numbers whose sum depends on the order of adding.
void fill_lane(at::Tensor& buffer, int lane) {
  CounterRandom random(5, RandomStream::world, static_cast<std::uint64_t>(lane));
  for (std::int64_t i = 0; i < kElements; ++i)
    buffer.mutable_data_ptr<float>()[i] = static_cast<float>(random.normal());
}

}  // namespace

TEST_CASE("gradients that arrive in any order are added along the tree, in few buffers") {
  const at::Tensor like = at::zeros({kElements});
  std::vector<at::Tensor> lanes;
  for (int lane = 0; lane < 16; ++lane) {
    lanes.push_back(at::zeros({kElements}));
    fill_lane(lanes.back(), lane);
  }
  add_lanes(std::span<const at::Tensor>(lanes));
  for (const int workers : {1, 2, 3, 5}) {
    const auto pool = make_lane_pool(workers);
    GradientTree tree(like, 16, workers);
    std::atomic<bool> dirty{false};
    for (int repeat = 0; repeat < 20; ++repeat) {
      pool->run(16, [&](int lane) {
        at::Tensor buffer = tree.begin_lane(lane);
        if (buffer.abs().max().item<float>() != 0) dirty = true;
        fill_lane(buffer, lane);
        tree.end_lane(lane, std::move(buffer));
      });
      at::Tensor sum = tree.take();
      CHECK(sum.equal(lanes[0]));
      tree.release(std::move(sum));
    }
    CHECK_FALSE(dirty);
    CHECK(tree.buffers() <= static_cast<std::size_t>(workers) + 4);
  }
}

TEST_CASE("a tree that lacks a lane is refused, and can be used again after that") {
  GradientTree tree(at::zeros({kElements}), 4, 1);
  for (int lane = 0; lane < 3; ++lane) tree.end_lane(lane, tree.begin_lane(lane));
  CHECK_THROWS_WITH(tree.take(), "the lane tree is not complete");
  tree.clear();
  for (int lane = 0; lane < 4; ++lane) tree.end_lane(lane, tree.begin_lane(lane));
  CHECK(tree.take().numel() == kElements);
}

TEST_CASE("shards cover a buffer once, in parts of whole blocks, whatever the ranks and buckets") {
  for (const std::int64_t numel : {128, 4096, 4224, 112640, 1033600})
    for (const int ranks : {1, 2, 4, 8, 16})
      for (const std::int64_t bucket : {1, 4096, 20000, 1 << 22}) {
        const Sharding sharding(numel, ranks, bucket);
        const at::Tensor flat = at::arange(numel, at::kFloat);
        at::Tensor back = at::zeros({numel});
        std::int64_t total = 0;
        for (int rank = 0; rank < ranks; ++rank) {
          for (const ShardPiece& piece : sharding.pieces(rank)) CHECK(piece.flat % 4096 == 0);
          const at::Tensor shard = sharding.shard_of(flat, rank);
          CHECK(shard.numel() == sharding.shard_size(rank));
          total += shard.numel();
          sharding.put(shard, rank, back);
        }
        CHECK(total == numel);
        CHECK(back.equal(flat));
      }
}
