#include "core/model/device/segment_groups.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <span>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>

#include "core/numerics/device_copy.hpp"

namespace pagewright {
namespace {

// Owners of rows beside the children of a group, which are numbered from 0.
constexpr std::int64_t kParentRow = -1, kPaddedKey = -2, kPaddedQuery = -3, kNothingShared = -4;
constexpr std::int64_t kKeyAlignment = 16;  // fused kernels want masks whose rows are aligned
constexpr std::int64_t kMostScores = std::int64_t{1} << 26;  // queries x keys of a chunk

std::int64_t round_up_keys(std::int64_t keys) {
  return (keys + kKeyAlignment - 1) / kKeyAlignment * kKeyAlignment;
}

/// A row of the batch, who it belongs to, and which other child's rows below which position it sees.
struct GroupRow {
  std::int64_t row = 0, owner = kParentRow;
  std::int64_t shared_owner = kNothingShared, shared_end = 0;
};

/// What one group asks and sees.
struct GroupPart {
  std::vector<GroupRow> queries, keys;
  std::size_t size() const { return queries.size() + keys.size(); }
};

void append_rows(const SegmentSpan& segment, std::int64_t owner, std::vector<GroupRow>& rows) {
  for (std::int64_t i = 0; i < segment.size; ++i) rows.push_back({segment.begin + i, owner});
}

/// Parents' parts and children's parts, by the number of the group.
struct GroupParts {
  std::vector<GroupPart> parents, children;

  explicit GroupParts(const BatchPlan& plan) {
    std::map<std::int64_t, std::size_t> group_of;   // by the first row of the parent
    std::map<std::int64_t, std::int64_t> child_of;  // by the first row of the child
    std::vector<std::int64_t> next_child;
    for (const SegmentSpan& segment : plan.segments) {
      const auto parent = segment.parent_size > 0 ? group_of.find(segment.parent_begin) : group_of.end();
      if (parent == group_of.end()) {
        GroupPart own, of_children;
        append_rows(segment, kParentRow, own.queries);
        own.keys = of_children.keys = own.queries;
        if (segment.size > 0) group_of[segment.begin] = parents.size();
        parents.push_back(std::move(own));
        children.push_back(std::move(of_children));
        next_child.push_back(0);
      } else {
        GroupPart& part = children[parent->second];
        const std::int64_t child = next_child[parent->second]++;
        child_of[segment.begin] = child;
        const std::size_t before = part.queries.size();
        append_rows(segment, child, part.queries);
        append_rows(segment, child, part.keys);
        if (segment.shared_size == 0) continue;
        const std::int64_t end =
            plan.positions[static_cast<std::size_t>(segment.shared_begin)] + segment.shared_size;
        for (std::size_t i = before; i < part.queries.size(); ++i)
          part.queries[i].shared_owner = child_of.at(segment.shared_begin), part.queries[i].shared_end = end;
      }
    }
    for (std::vector<GroupPart>* parts : {&parents, &children}) {
      std::erase_if(*parts, [](const GroupPart& part) { return part.queries.empty(); });
      std::ranges::stable_sort(*parts, std::ranges::greater{}, &GroupPart::size);
    }
  }
};

/// Runs of parts, largest first, none less than half as large as the first.
std::vector<std::span<const GroupPart>> runs_of_similar_size(std::span<const GroupPart> parts) {
  std::vector<std::span<const GroupPart>> runs;
  for (std::size_t begin = 0; begin < parts.size();) {
    const auto scores = static_cast<std::int64_t>(parts[begin].queries.size() * parts[begin].keys.size());
    std::size_t end = begin + 1;
    while (end < parts.size() && 2 * parts[end].size() >= parts[begin].size() &&
           static_cast<std::int64_t>(end + 1 - begin) * scores <= kMostScores)
      ++end;
    runs.push_back(parts.subspan(begin, end - begin));
    begin = end;
  }
  return runs;
}

/// One side of a chunk, padded to `width` rows a group.
struct PaddedRows {
  std::vector<std::int64_t> rows, owners, positions, shared_owners, shared_ends;

  void add(const std::vector<GroupRow>& group, std::int64_t width, std::int64_t padding,
           const BatchPlan& plan) {
    for (const GroupRow& row : group) {
      rows.push_back(row.row);
      owners.push_back(row.owner);
      shared_owners.push_back(row.shared_owner);
      shared_ends.push_back(row.shared_end);
      positions.push_back(plan.positions[static_cast<std::size_t>(row.row)]);
    }
    const auto end = rows.size() + static_cast<std::size_t>(width) - group.size();
    rows.resize(end, 0);
    owners.resize(end, padding);
    positions.resize(end, 0);
    shared_owners.resize(end, kNothingShared);
    shared_ends.resize(end, 0);
  }
};

std::int64_t most_rows(std::span<const GroupPart> run, std::vector<GroupRow> GroupPart::*side) {
  std::size_t most = 0;
  for (const GroupPart& part : run) most = std::max(most, (part.*side).size());
  return static_cast<std::int64_t>(most);
}

}  // namespace

SegmentGroups::SegmentGroups(const BatchPlan& plan, c10::Device device) {
  std::vector<std::int64_t> place(static_cast<std::size_t>(plan.rows), 0);
  std::int64_t before = 0;
  const auto add_chunk = [&](std::span<const GroupPart> run, bool causal) {
    Chunk chunk;
    chunk.causal = causal;
    chunk.groups = static_cast<std::int64_t>(run.size());
    chunk.queries = most_rows(run, &GroupPart::queries);
    chunk.keys = causal ? chunk.queries : round_up_keys(most_rows(run, &GroupPart::keys));
    PaddedRows queries, keys;
    for (const GroupPart& part : run) {
      for (std::size_t i = 0; i < part.queries.size(); ++i)
        place[static_cast<std::size_t>(part.queries[i].row)] = before + static_cast<std::int64_t>(i);
      before += chunk.queries;
      queries.add(part.queries, chunk.queries, kPaddedQuery, plan);
      keys.add(part.keys, chunk.keys, kPaddedKey, plan);
    }
    const auto table = [&](const std::vector<std::int64_t>& values) {
      return copy_to_device(values, device).view({chunk.groups, -1});
    };
    chunk.query_rows = copy_to_device(queries.rows, device);
    chunk.key_rows = copy_to_device(keys.rows, device);
    chunk.query_owner = table(queries.owners), chunk.key_owner = table(keys.owners);
    chunk.query_position = table(queries.positions), chunk.key_position = table(keys.positions);
    chunk.shared_owner = table(queries.shared_owners), chunk.shared_end = table(queries.shared_ends);
    chunks_.push_back(std::move(chunk));
  };
  const GroupParts parts(plan);
  for (const auto run : runs_of_similar_size(parts.parents)) add_chunk(run, true);
  for (const auto run : runs_of_similar_size(parts.children)) add_chunk(run, false);
  place_ = copy_to_device(place, device);
}

const at::Tensor& SegmentGroups::mask_of(Chunk& chunk, std::int64_t window, std::int64_t group,
                                         at::ScalarType type) {
  const std::lock_guard lock(mutex_);
  at::Tensor& mask = chunk.masks[window];
  if (mask.defined()) return mask;
  const at::Tensor asks = chunk.query_owner.unsqueeze(2), owns = chunk.key_owner.unsqueeze(1);
  const at::Tensor asks_at = chunk.query_position.unsqueeze(2), key_at = chunk.key_position.unsqueeze(1);
  at::Tensor seen = (asks.eq(owns) & key_at.le(asks_at)) | (asks.ge(0) & owns.eq(kParentRow)) |
                    (chunk.shared_owner.unsqueeze(2).eq(owns) & key_at.lt(chunk.shared_end.unsqueeze(2)));
  if (window > 0) seen = seen & key_at.gt(asks_at - window);
  // A query that sees nothing would be no number, and so would what it leaves in gradients.
  seen.select(2, 0).logical_or_(chunk.query_owner.eq(kPaddedQuery));
  const at::Tensor added = at::zeros(seen.sizes(), seen.options().dtype(type))
                               .masked_fill_(seen.logical_not(), -std::numeric_limits<double>::infinity());
  mask = added.unsqueeze(1)
             .expand({chunk.groups, group, chunk.queries, chunk.keys})
             .reshape({chunk.groups, 1, group * chunk.queries, chunk.keys});
  return mask;
}

/// Query heads that share a key-value head are more rows of queries to it, so that keys are not repeated.
at::Tensor SegmentGroups::attend_chunk(Chunk& chunk, const at::Tensor& query, const at::Tensor& key,
                                       const at::Tensor& value, std::int64_t head_size, std::int64_t window) {
  const std::int64_t kv_heads = key.size(1) / head_size, heads = query.size(1) / head_size,
                     group = heads / kv_heads, b = chunk.groups, queries = chunk.queries;
  const auto keys_of = [&](const at::Tensor& rows) {
    return at::index_select(rows, 0, chunk.key_rows)
        .view({b, chunk.keys, kv_heads, head_size})
        .transpose(1, 2);
  };
  const at::Tensor k = keys_of(key), v = keys_of(value);
  const at::Tensor rows = at::index_select(query, 0, chunk.query_rows);
  if (chunk.causal && window == 0)
    return at::scaled_dot_product_attention(rows.view({b, queries, heads, head_size}).transpose(1, 2), k, v,
                                            {}, 0, /*is_causal=*/true, std::nullopt, /*enable_gqa=*/group > 1)
        .transpose(1, 2)
        .reshape({b * queries, heads * head_size});
  const at::Tensor q = rows.view({b, queries, kv_heads, group, head_size})
                           .permute({0, 2, 3, 1, 4})
                           .reshape({b, kv_heads, group * queries, head_size});
  return at::scaled_dot_product_attention(q, k, v, mask_of(chunk, window, group, query.scalar_type()))
      .reshape({b, kv_heads, group, queries, head_size})
      .permute({0, 3, 1, 2, 4})
      .reshape({b * queries, heads * head_size});
}

at::Tensor SegmentGroups::attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                 std::int64_t head_size, std::int64_t window) {
  if (chunks_.empty()) return query;
  std::vector<at::Tensor> parts;
  for (Chunk& chunk : chunks_) parts.push_back(attend_chunk(chunk, query, key, value, head_size, window));
  return at::index_select(at::cat(parts), 0, place_);
}

}  // namespace pagewright
