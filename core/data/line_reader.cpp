#include "core/data/line_reader.hpp"

namespace pagewright {

LineReader::LineReader(const std::filesystem::path& path) : path_(path), source_(open_bytes(path)) {}

bool LineReader::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  return source_->read(buffer_);
}

bool LineReader::next(std::string& line) {
  auto end = buffer_.find('\n', position_);
  while (end == std::string::npos) {
    const auto searched = buffer_.size() - position_;
    if (!fill()) break;
    end = buffer_.find('\n', searched);
  }
  if (end == std::string::npos && position_ == buffer_.size()) return false;
  const auto stop = end == std::string::npos ? buffer_.size() : end;
  line.assign(buffer_, position_, stop - position_);
  position_ = end == std::string::npos ? stop : stop + 1;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line_number_++ == 0 && line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
  return true;
}

}  // namespace pagewright
