#pragma once
// The stages of an experiment, and which of its keys decide what each of them makes.

#include <string>

#include "launch/experiment.hpp"
#include "launch/study/content_hashes.hpp"

namespace pagewright {

/// In the order in which they run.
enum class StudyStage { log, imitation, warmup, clicks, rewards, train, evaluate };

/// "log", "imitation", ...
std::string stage_name(StudyStage stage);
/// The verb that runs it: "simulate", "sft", ...
std::string stage_verb(StudyStage stage);

/// Whether `fit-reward` reads what `fit-clicks` wrote.
bool needs_click_models(const Experiment& experiment);

/// Note [Shared stages]
/// The cells of a study differ in a few keys, and most of what they do is the same: all variants of a reward
/// start from one log and one warm-up. A stage is therefore known by its content: by the stages before it,
/// and by the value in force of every key that may change what it makes. Keys are left out of a stage by
/// name; one that nobody thought of counts, so that a new key costs work that could have been shared, and
/// never shares work that differs. train and evaluate count every key.
///
/// One line for each key that counts, with its value, and for each file of pairs and pretrained model what is
/// in it. `run` and `log` never count, nor do keys that cannot change results (is_free_key); `evaluation`
/// counts for evaluate alone.
std::string stage_configuration(StudyStage stage, const LoadedExperiment& loaded, ContentHashes& contents);

}  // namespace pagewright
