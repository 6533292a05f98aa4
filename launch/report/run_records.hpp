#pragma once
// What a run wrote down while it learnt.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/metrics/metrics_file.hpp"
#include "launch/alarm_file.hpp"
#include "rewards/clicks/click_files.hpp"

namespace pagewright {

/// A supervised learning curve (curves/NAME.json).
struct CurveRecord {
  struct Point {
    double epoch = 0, train_loss = 0, held_out_loss = 0;
  };
  std::string name;
  std::string unit;
  std::size_t best = 0;  ///< the point that was kept
  std::vector<Point> points;
};

/// What train/NAME holds of one policy.
struct TrainingRecord {
  std::string policy;
  std::vector<MetricsRecord> metrics;
  std::vector<std::string> warnings;  ///< of the numerics self-check
  AlarmRecord alarms;                 ///< of the watch on reward hacking
};

/// One figure of a reward model on held-out users (rewards/report.json).
struct RewardFigure {
  std::string model, name;
  double value = 0;
  std::int64_t count = 0;
};

/// What a head of a page model predicts for held-out slots, and how often it happened.
struct ReliabilityRecord {
  std::string model, event;
  bool before = false;  ///< before calibration
  double error = 0;     ///< expected calibration error
  struct Bin {
    double predicted = 0, seen = 0;
  };
  std::vector<Bin> bins;
};

/// What rewards/card.json says beyond the figures.
struct RewardCardRecord {
  std::vector<ReliabilityRecord> reliability;
  std::vector<std::string> weaknesses;
};

/// What `fit-clicks` left (clicks/).
struct ClicksRecord {
  ClickChoice choice;
  std::vector<FittedClicks> models;  ///< without their parameters
};

/// All that a run folder holds of these. What is not there is left out; a file that cannot be read is named
/// in `problems`.
struct RunRecords {
  std::vector<CurveRecord> curves;
  std::vector<TrainingRecord> trainings;
  std::vector<RewardFigure> reward_figures;
  RewardCardRecord reward_card;
  std::optional<ClicksRecord> clicks;
  std::vector<std::string> problems;
};
/// `policies` in the order in which they are wanted.
RunRecords read_run_records(const std::filesystem::path& run, std::span<const std::string> policies);

}  // namespace pagewright
