#pragma once
// The truth about all pages of one request, with everything looked up once.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/page/page.hpp"
#include "core/page/request.hpp"
#include "rewards/simulator/page_truth.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

class RequestTruth {
 public:
  /// Throws Error if the user or a candidate is not of this world. Keeps references to both arguments.
  RequestTruth(const World& world, const Request& request);

  /// Candidate `candidate` at `place` in a section of type `section_type`, the items `above` (candidates in
  /// page order) being on the page before it.
  SlotTruth slot(int section_type, const SlotPlace& place, std::span<const std::int32_t> above,
                 std::int32_t candidate) const;
  /// Throws Error for a section type or an item that the schema or the request does not have. The page need
  /// not be valid.
  PageTruth page(const Page& page) const;

  const Request& request() const { return request_; }

 private:
  double examination(int section_type, const SlotPlace& place) const;
  double page_effect(std::span<const std::int32_t> above, std::int32_t candidate) const;
  bool was_bought(const Item& item) const;

  const World& world_;
  const Request& request_;
  double examination_power_ = 1;
  std::vector<double> interest_;         ///< [M] what was bought before included
  std::vector<double> purchase_chance_;  ///< [M] P(purchase | click)
  std::vector<bool> near_duplicates_;    ///< [M, M]
  std::vector<const Item*> items_;       ///< [M] as the world has them
};

}  // namespace pagewright
