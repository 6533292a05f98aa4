#pragma once
// What click models learn from: lists of documents with the slots they stood in and which were clicked.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pagewright {

/// One list or page of K slots in the order in which users go through it. Documents and positions are
/// indices into a ClickSpace.
struct ClickSession {
  std::span<const int> documents;        ///< [K]
  std::span<const int> positions;        ///< [K] kind of place: rank, or section, row, column and device
  std::span<const int> rows;             ///< [K] equal for neighbours in one row of the page
  std::span<const std::uint8_t> clicks;  ///< [K] 0 or 1
  std::size_t size() const { return clicks.size(); }
};

/// Rank of the last click, -1 without one.
int last_click(const ClickSession& session);

/// Many sessions in flat arrays.
class ClickSessions {
 public:
  /// Spans of one length. Throws Error if they are empty or their lengths differ.
  void add(std::span<const int> documents, std::span<const int> positions, std::span<const int> rows,
           std::span<const std::uint8_t> clicks);
  /// A plain list: positions are ranks, and all slots stand in one row.
  void add_list(std::span<const int> documents, std::span<const std::uint8_t> clicks);

  std::size_t size() const { return offsets_.size() - 1; }
  std::size_t slots() const { return clicks_.size(); }
  /// Length of the longest list, 0 without any.
  int longest() const { return longest_; }
  ClickSession operator[](std::size_t session) const;

 private:
  std::vector<std::size_t> offsets_{0};
  std::vector<int> documents_, positions_, rows_;
  std::vector<std::uint8_t> clicks_;
  int longest_ = 0;
};

/// A feature of documents and what its values were made of: (number - mean) / deviation.
struct FeatureScale {
  std::string name;
  double mean = 0;
  double deviation = 1;
};

/// Numbers about documents, from which attractiveness may be predicted.
struct FeatureTable {
  std::vector<FeatureScale> features;  ///< [F]
  std::vector<double> values;          ///< [D, F]
  bool empty() const { return features.empty(); }
  std::size_t width() const { return features.size(); }
  std::size_t documents() const { return values.size() / features.size(); }
  std::span<const double> row(std::size_t document) const {
    return std::span(values).subspan(document * width(), width());
  }
};

/// What the indices of training and held-out sessions mean.
struct ClickSpace {
  std::vector<std::string> documents;  ///< [D] names; what has an attractiveness of its own
  std::vector<std::string> positions;  ///< [P] names
  int ranks = 0;                       ///< length of the longest list
  FeatureTable features;               ///< empty: attractiveness is a number for each document
};

/// A space of nameless documents in plain lists of at most `ranks` slots.
ClickSpace list_space(int documents, int ranks);

}  // namespace pagewright
