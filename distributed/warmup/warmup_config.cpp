#include "distributed/warmup/warmup_config.hpp"

#include "core/config/section.hpp"

namespace pagewright {

WarmupConfig WarmupConfig::from(const Section& section) {
  WarmupConfig config;
  config.optimizer.learning_rate = 1e-3;
  section.read("epochs", config.epochs, at_least(1),
               "passes over the logged pages, at most; the best held-out state is kept");
  section.read("batch", config.batch, at_least(1), "logged pages in an optimizer step");
  section.read("unengaged_weight", config.unengaged_weight, at_least(0),
               "weight of an item that was shown and not engaged with; an engaged one weighs 1");
  section.read("misses", config.misses, in_closed(0, 1),
               "share of the pages with engagement on which one to three other items, counting nothing, come "
               "before the engaged ones: teaches what to place after a first item that was no hit");
  section.read_enum("target", config.target,
                    {{"engaged_first", WarmupTarget::engaged_first}, {"shown", WarmupTarget::shown}},
                    "engaged_first: engaged items move to the front of the page; shown: the page as it was");
  section.read_enum(
      "vocabulary", config.vocabulary,
      {{"allowed", WarmupVocabulary::allowed}, {"whole", WarmupVocabulary::whole}},
      "what a token competes with in the loss; allowed: the tokens that the grammar allows in its "
      "place; whole: the whole vocabulary, for pages without the grammar (evaluate --unconstrained)");
  config.optimizer =
      OptimizerConfig::from(section.child("optimizer", "AdamW and its schedule"), config.optimizer);
  return config;
}

}  // namespace pagewright
