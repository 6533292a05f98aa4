#pragma once
// One part of a feedback log as flat columns, the form in which it lies in a file (docs/log-format.md).

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/data/feedback_log.hpp"

namespace pagewright {

class Hdf5File;

/// Strings of a part, each stored once; columns hold codes.
class StringTable {
 public:
  std::int32_t code(const std::string& text);
  const std::vector<std::string>& strings() const { return strings_; }
  void assign(std::vector<std::string> strings) { strings_ = std::move(strings); }

 private:
  std::vector<std::string> strings_;
  std::unordered_map<std::string, std::int32_t> codes_;
};

/// Items, one row each; features of row i are [feature_offsets[i], feature_offsets[i + 1]).
struct ItemColumns {
  std::vector<std::int32_t> id, title, currency, category, brand, seller;  ///< string codes
  std::vector<std::int64_t> price;                                         ///< -1: unknown
  std::vector<std::int8_t> ad;
  std::vector<std::int64_t> feature_offsets{0};
  std::vector<std::int32_t> feature_name;  ///< string code
  std::vector<double> feature_value;
};

/// One part. Absent numbers: price -1, propensity NaN, revisit_of -1.
struct LogColumns {
  StringTable strings;

  std::vector<std::int32_t> request_id, request_user, request_query;  ///< string codes
  std::vector<std::int64_t> request_timestamp;
  std::vector<std::int8_t> request_split;
  std::vector<std::int64_t> context_offsets{0}, candidate_offsets{0}, history_offsets{0};
  std::vector<std::int32_t> context_key, context_value;  ///< string codes
  ItemColumns candidates;
  ItemColumns history;
  std::vector<std::int8_t> history_kind;
  std::vector<std::int64_t> history_timestamp;

  std::vector<std::int32_t> page_id, page_policy, page_revisit_of;  ///< string codes
  std::vector<std::int64_t> page_request;                           ///< row of requests in this part
  std::vector<std::int64_t> page_timestamp;
  std::vector<double> page_propensity;
  std::vector<std::int8_t> page_slot_propensity_kind;
  std::vector<std::int64_t> section_offsets{0}, slot_offsets{0}, event_offsets{0};
  std::vector<std::int32_t> section_name, section_type, section_slots;
  std::vector<std::int32_t> slot_candidate;
  std::vector<double> slot_propensity;
  std::vector<std::int8_t> event_kind;
  std::vector<std::int32_t> event_slot, event_quantity;
  std::vector<std::int64_t> event_timestamp, event_price;

  /// The oldest format version that has everything that is in the columns.
  std::int64_t format_version() const;
  std::int64_t requests() const { return static_cast<std::int64_t>(request_id.size()); }
  std::int64_t pages() const { return static_cast<std::int64_t>(page_id.size()); }

  /// Appends a row. Error for an item without an id, a negative price, a feature that is no number.
  void add(const LoggedRequest& request);
  /// Appends a page of one of this part's requests (page.request is the row in this part). Error if anything
  /// in it does not fit: see check_logged_page.
  void add(const LoggedPage& page);

  void write(Hdf5File& file) const;
  /// Reads and checks everything: lengths, offsets, codes, kinds and row numbers. A damaged file is an Error
  /// that names path and column.
  static LogColumns read(const Hdf5File& file);
  /// Appends the chosen requests of this part, [requests], and their pages to a log.
  void append_to(FeedbackLog& log, const std::vector<bool>& chosen) const;
};

/// Error that says what is wrong with a request or a page as logged; used by the writer and by importers.
void check_logged_request(const Request& request);
void check_logged_page(const LoggedPage& page, std::size_t candidate_count);

}  // namespace pagewright
