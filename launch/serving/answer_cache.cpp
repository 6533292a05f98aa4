#include "launch/serving/answer_cache.hpp"

namespace pagewright {

std::size_t AnswerCache::Entry::bytes() const {
  std::size_t total = text.size();
  for (const std::string& line : lines) total += line.size();
  return total;
}

const std::vector<std::string>* AnswerCache::find(std::string_view text) {
  if (most_ == 0) return nullptr;
  ++asked_;
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return nullptr;
  ++found_;
  order_.splice(order_.begin(), order_, found->second);
  return &found->second->lines;
}

void AnswerCache::keep(const std::string& text, const std::vector<std::string>& lines) {
  if (most_ == 0 || by_text_.contains(text)) return;
  order_.push_front({text, lines});
  by_text_.emplace(order_.front().text, order_.begin());
  bytes_ += order_.front().bytes();
  while (order_.size() > most_ || bytes_ > kMostBytes) drop_oldest();
}

void AnswerCache::drop_oldest() {
  bytes_ -= order_.back().bytes();
  by_text_.erase(order_.back().text);
  order_.pop_back();
}

}  // namespace pagewright
