#pragma once
// Configuration of the supervised start: the section `warmup`.

#include "distributed/trainer.hpp"

namespace pagewright {

class Section;

/// Which page is the target: the logged page with engaged items moved to the front, or exactly as it was
/// shown.
enum class WarmupTarget { engaged_first, shown };

/// What a token competes with in the loss: the tokens that the grammar allows in its place, or every token of
/// the vocabulary, for pages that are generated without the grammar.
enum class WarmupVocabulary { allowed, whole };

struct WarmupConfig {
  int epochs = 4;                 ///< at most; the epoch with the best held-out likelihood is kept
  int batch = 64;                 ///< logged pages a step
  double unengaged_weight = 1.0;  ///< weight of an item token that was shown and not engaged with
  double misses = 0;              ///< share of pages with other items before the engaged ones, Note [Misses]
  WarmupTarget target = WarmupTarget::engaged_first;
  WarmupVocabulary vocabulary = WarmupVocabulary::allowed;
  OptimizerConfig optimizer;
  static WarmupConfig from(const Section& section);
};

}  // namespace pagewright
