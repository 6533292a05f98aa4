#include "distributed/pipeline/rollout_file.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.hpp"
#include "core/data/hdf5.hpp"

namespace pagewright {
namespace {

constexpr std::string_view kRolloutFormat = "pagewright-rollouts";
constexpr std::int64_t kRolloutVersion = 1;

template <class T>
void extend(std::vector<T>& column, const std::vector<T>& values) {
  column.insert(column.end(), values.begin(), values.end());
}

/// What a term gave before normalisation.
struct TermColumns {
  std::vector<float> page_raw;   ///< [P]
  std::vector<float> slots_raw;  ///< [sum K_p], or empty for a term that judges whole pages only
};

/// The arrays of a file, filled page by page.
class RolloutColumns {
 public:
  void add(const Request& request, const LearningPage& page) {
    const Trajectory& trajectory = page.trajectory;
    request_.push_back(request.id);
    invalid_cause_.push_back(page.score.invalid_cause);
    sample_.push_back(trajectory.sample);
    policy_version_.push_back(trajectory.policy_version);
    reward_.push_back(page.total_reward);
    page_reward_.push_back(page.score.page_reward);
    format_reward_.push_back(page.score.format_reward);
    add_tokens(page);
    add_slots(request, page);
    add_terms(page.score);
  }

  void write(Hdf5File& file) const {
    file.write_strings("pages/request", request_);
    file.write_strings("pages/invalid_cause", invalid_cause_);
    file.write("pages/sample", sample_);
    file.write("pages/policy_version", policy_version_);
    file.write("pages/reward", reward_);
    file.write("pages/page_reward", page_reward_);
    file.write("pages/format_reward", format_reward_);
    file.write("pages/token_offsets", token_offsets_);
    file.write("pages/slot_offsets", slot_offsets_);
    file.write("tokens/id", token_);
    file.write("tokens/log_prob", log_prob_);
    file.write("tokens/old_log_prob", old_log_prob_);
    file.write("tokens/reference_log_prob", reference_log_prob_);
    file.write("tokens/value", value_);
    file.write("tokens/advantage", advantage_);
    file.write("tokens/return", return_);
    file.write_strings("slots/item", item_);
    file.write("slots/candidate", candidate_);
    file.write("slots/section", section_);
    file.write("slots/token", slot_token_);
    file.write("slots/reward", slot_reward_);
    for (const auto& [name, term] : terms_) {
      file.write("terms/" + name + "/page_raw", term.page_raw);
      if (!term.slots_raw.empty()) file.write("terms/" + name + "/slots_raw", term.slots_raw);
    }
  }

 private:
  void add_tokens(const LearningPage& page) {
    extend(token_, page.trajectory.tokens);
    extend(log_prob_, page.trajectory.log_probs);
    extend(old_log_prob_, page.old_log_probs);
    extend(reference_log_prob_, page.reference_log_probs);
    extend(value_, page.old_values);
    extend(advantage_, page.advantages);
    extend(return_, page.returns);
    token_offsets_.push_back(static_cast<std::int64_t>(token_.size()));
  }

  void add_slots(const Request& request, const LearningPage& page) {
    const std::vector<SlotSpan>& slots = page.trajectory.spans.slots;
    const std::vector<float>& rewards = page.score.slot_rewards;
    for (std::size_t k = 0; k < slots.size(); ++k) {
      item_.push_back(request.candidates.at(static_cast<std::size_t>(slots[k].candidate)).id);
      candidate_.push_back(slots[k].candidate);
      section_.push_back(slots[k].section);
      slot_token_.push_back(slots[k].token);
      slot_reward_.push_back(k < rewards.size() ? rewards[k] : 0.0F);
    }
    slot_offsets_.push_back(static_cast<std::int64_t>(item_.size()));
  }

  /// After add_slots() of the same page. A page for which a term gave no slots has zeros there.
  void add_terms(const Score& score) {
    const auto end = static_cast<std::size_t>(slot_offsets_.back());
    const auto begin = static_cast<std::size_t>(slot_offsets_[slot_offsets_.size() - 2]);
    for (const TermScore& term : score.terms) {
      TermColumns& columns = terms_[term.name];
      columns.page_raw.push_back(term.page_raw);
      if (term.slots_raw.empty() && columns.slots_raw.empty()) continue;
      columns.slots_raw.resize(begin);
      extend(columns.slots_raw, term.slots_raw);
      columns.slots_raw.resize(end);
    }
  }

  std::vector<std::string> request_, invalid_cause_;  // [P]
  std::vector<std::int32_t> sample_;                  // [P]
  std::vector<std::int64_t> policy_version_;          // [P]
  std::vector<double> reward_;                        // [P]
  std::vector<float> page_reward_, format_reward_;    // [P]
  std::vector<std::int64_t> token_offsets_{0};        // [P + 1]
  std::vector<std::int64_t> slot_offsets_{0};         // [P + 1]
  std::vector<TokenId> token_;                        // [sum T_p]
  std::vector<float> log_prob_, old_log_prob_;        // [sum T_p]
  std::vector<float> reference_log_prob_, value_;     // [sum T_p]
  std::vector<float> advantage_, return_;             // [sum T_p]
  std::vector<std::string> item_;                     // [sum K_p]
  std::vector<std::int32_t> candidate_;               // [sum K_p]
  std::vector<std::int32_t> section_, slot_token_;    // [sum K_p]
  std::vector<float> slot_reward_;                    // [sum K_p]
  std::map<std::string, TermColumns> terms_;
};

}  // namespace

void write_rollouts(const std::filesystem::path& path, std::int64_t iteration, const Experience& experience) {
  RolloutColumns columns;
  for (const LearningRequest& request : experience.requests)
    for (const LearningPage& page : request.pages) columns.add(*request.request.request, page);
  write_file_atomically(path, [&](const std::filesystem::path& temporary) {
    Hdf5File file = Hdf5File::create(temporary);
    file.set_attribute("format", kRolloutFormat);
    file.set_attribute("format_version", kRolloutVersion);
    file.set_attribute("iteration", iteration);
    file.set_attribute("pages", experience.pages());
    columns.write(file);
    file.close();
  });
}

}  // namespace pagewright
