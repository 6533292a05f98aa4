#include "core/data/page_id_set.hpp"

#include <algorithm>
#include <utility>

#include "core/base/hash.hpp"

namespace pagewright {
namespace {

std::uint64_t page_id_hash(std::string_view id) {
  return std::max<std::uint64_t>(1, stable_hash(id));
}

}  // namespace

std::size_t PageIdSet::place(std::uint64_t hash) const {
  const std::size_t mask = hashes_.size() - 1;
  auto at = static_cast<std::size_t>(hash) & mask;
  while (hashes_[at] != 0 && hashes_[at] != hash) at = (at + 1) & mask;
  return at;
}

void PageIdSet::grow() {
  std::vector<std::uint64_t> old(2 * hashes_.size());
  std::swap(old, hashes_);
  for (const std::uint64_t hash : old)
    if (hash != 0) hashes_[place(hash)] = hash;
}

void PageIdSet::insert(std::string_view id) {
  if (4 * size_ >= 3 * hashes_.size()) grow();
  std::uint64_t& slot = hashes_[place(page_id_hash(id))];
  if (slot == 0) ++size_;
  slot = page_id_hash(id);
}

bool PageIdSet::contains(std::string_view id) const {
  return hashes_[place(page_id_hash(id))] != 0;
}

}  // namespace pagewright
