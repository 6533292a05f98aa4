#include "core/config/key_recorder.hpp"

#include <utility>

namespace pagewright {

void KeyRecorder::add(KeyRecord record) {
  const auto [place, fresh] = index_.try_emplace(record.path, records_.size());
  if (fresh)
    records_.push_back(std::move(record));
  else
    records_[place->second] = std::move(record);
}

}  // namespace pagewright
