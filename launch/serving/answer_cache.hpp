#pragma once
// Pages of requests that came before, for requests that come again to the letter.

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pagewright {

/// Note [Cached answers]
/// A page depends on its request, the weights and the options alone. In one process, whose weights and
/// options stay as they are, a request that comes again to the letter has the answer that it had, so that the
/// answer is kept, and not the rendered prompt, the grammar or the keys and values of the prompt: whenever
/// these could be used again under a shuffled candidate order, which is keyed by the request's id, so can the
/// answer.
///
/// The newest `most` answers, at most kMostBytes of them. Not thread-safe.
class AnswerCache {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20;

  /// 0: keeps nothing.
  explicit AnswerCache(std::size_t most) : most_(most) {}

  /// The lines that answered this text, or null. The pointer is good until the next keep().
  const std::vector<std::string>* find(std::string_view text);
  void keep(const std::string& text, const std::vector<std::string>& lines);

  std::int64_t asked() const { return asked_; }
  std::int64_t found() const { return found_; }
  std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    std::string text;
    std::vector<std::string> lines;
    std::size_t bytes() const;
  };
  void drop_oldest();

  std::size_t most_;
  std::size_t bytes_ = 0;
  std::int64_t asked_ = 0, found_ = 0;
  std::list<Entry> order_;  ///< newest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
};

}  // namespace pagewright
