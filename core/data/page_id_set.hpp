#pragma once
// The page ids that an import has seen, in few bytes each.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pagewright {

/// A set of ids by their 64-bit stable_hash, 11 to 22 bytes an id (half more while it grows). Two of n
/// different ids are taken for one with a probability below n^2 / 2^65: 4e-6 for twelve million.
class PageIdSet {
 public:
  void insert(std::string_view id);
  bool contains(std::string_view id) const;
  std::size_t size() const { return size_; }

 private:
  /// Place of the hash, or the free one where it belongs.
  std::size_t place(std::uint64_t hash) const;
  void grow();

  std::vector<std::uint64_t> hashes_ = std::vector<std::uint64_t>(1024);  ///< [a power of 2] 0: free
  std::size_t size_ = 0;
};

}  // namespace pagewright
