#include "distributed/pipeline/page_source.hpp"

#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

std::vector<KeyedRequest> repeat_for_samples(std::span<const KeyedRequest> requests, int samples) {
  std::vector<KeyedRequest> repeated;
  for (const KeyedRequest& request : requests)
    repeated.insert(repeated.end(), static_cast<std::size_t>(samples), request);
  return repeated;
}

void LocalPageSource::order(std::span<const KeyedRequest> requests, const SampleOptions& options,
                            PhaseClock& clock) {
  ScoredPages pages;
  pages.trajectories = clock.time("generate", [&] { return generator_.generate(requests, options); });
  const std::vector<KeyedRequest> scored = repeat_for_samples(requests, options.samples);
  require(pages.trajectories.size() == scored.size(), "the generator gave {} pages instead of {}",
          pages.trajectories.size(), scored.size());
  pages.scores = clock.time("score", [&] { return scorer_.score(scored, pages.trajectories); });
  ready_.push_back(std::move(pages));
}

ScoredPages LocalPageSource::take(PhaseClock&) {
  require(!ready_.empty(), "pages are taken that were not ordered");
  ScoredPages pages = std::move(ready_.front());
  ready_.pop_front();
  return pages;
}

}  // namespace pagewright
