#pragma once
// Configuration of the learned rewards: the section `rewards` of an experiment.

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/model_config.hpp"
#include "distributed/trainer.hpp"
#include "rewards/clicks/clicks_config.hpp"
#include "rewards/credit/swap_config.hpp"
#include "rewards/feedback/pairs.hpp"
#include "rewards/models/calibration.hpp"

namespace pagewright {

class Section;

/// Form of the page model: expected gain from click and purchase heads, Bradley-Terry on pairs, or both on
/// one score.
enum class PageModelForm { utility, pairs, both };

/// What stands for an item's reward: the item model's head alone, besides it the page model's expected gain
/// of the slot, paid where it arises instead of at the page end, or in its place the page model's swap
/// credit.
enum class ItemCredit { head, utility, swap };

/// Where the item model's backbone starts: at that of the page model, which learns from every slot, or at
/// random.
enum class ItemStart { page, random };

/// Where the pairs form reads its score: at the page end, or as the sum of a head over the slots.
enum class PairHead { page, slots };

/// What a purchase of an item is worth: that of its listed price, or what a head predicts of what is paid.
enum class RevenueSource { listed, head };

/// What the swap loss compares (rewards/models/item_model.hpp): the page with the swapped page, or scores on
/// the one page as if they did not depend on the order.
enum class SwapForm { full, order_free };

/// Weight of a swap: |d_i - d_j| |g_i - g_j|, or that divided by the page's ideal DCG.
enum class SwapWeight { dcg, ndcg };

/// How one reward model is fitted.
struct FitConfig {
  int epochs = 3;
  int batch = 64;             ///< logged pages a step
  int evaluate_every = 0;     ///< steps between held-out evaluations; 0: two in an epoch
  int patience = 0;           ///< evaluations without a gain after which the fit ends; 0: never
  double least_gain = 0.001;  ///< share of the held-out loss by which it must fall to be a gain
  OptimizerConfig optimizer;
  static FitConfig from(const Section& section, FitConfig defaults);
};

struct PageModelConfig {
  PageModelForm form = PageModelForm::utility;
  FitConfig fit;
  double pair_weight = 0.3;     ///< of the pair loss beside the utility loss (`form: both`)
  double margin = 0;            ///< m_f of the pair loss
  double score_penalty = 1e-3;  ///< c_reg: keeps the scores of a pair centred
  PairHead pair_head = PairHead::page;
  RevenueSource revenue = RevenueSource::listed;
  int ensemble = 1;      ///< members of Note [Head ensembles]
  double pessimism = 0;  ///< kappa: a score counts as mean - kappa * deviation over members
  CalibrationKind calibration = CalibrationKind::none;
  static PageModelConfig from(const Section& section);
};

struct ItemModelConfig {
  FitConfig fit;
  ItemStart start = ItemStart::page;
  int swaps = 4;                ///< swapped pages evaluated beside a logged page, at most
  double position_penalty = 1;  ///< c of Note [Position penalty]
  SwapForm form = SwapForm::full;
  SwapWeight weight = SwapWeight::dcg;
  int ensemble = 1;
  double pessimism = 0;
  std::optional<double> uncertainty;  ///< e: a slot's reward weighs 1 / (u + e); absent: all weigh the same
  static ItemModelConfig from(const Section& section);
};

struct RewardsConfig {
  GainConfig gains;
  ClicksConfig clicks;
  PairConfig pairs;
  PageModelConfig page;
  ItemModelConfig item;
  ItemCredit item_credit = ItemCredit::head;
  SwapConfig swap;              ///< of ItemCredit::swap
  double alpha = 0.5;           ///< weight of the page reward; the item reward weighs 1 - alpha
  double clip = 5;              ///< of a normalised score, on both sides
  double invalid = -1;          ///< reward of a page that breaks the schema
  int normaliser_pages = 1024;  ///< pages of the reference policy over which scores are normalised
  static RewardsConfig from(const Section& section);
};

/// The key `item_credit` of a section, or `otherwise` if it is not given.
ItemCredit read_item_credit(const Section& section, ItemCredit otherwise);

}  // namespace pagewright
