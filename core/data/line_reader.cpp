#include "core/data/line_reader.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <lzma.h>

#include "core/base/error.hpp"

namespace pagewright {

/// Bytes of a file, unpacked if need be.
class LineReader::Source {
 public:
  explicit Source(const std::filesystem::path& path)
      : path_(path), packed_(path.extension() == ".xz"), input_(1 << 16) {
    require(!std::filesystem::is_directory(path), "{}: a folder, a file is needed", path.string());
    file_ = std::fopen(path.c_str(), "rb");
    require(file_ != nullptr, "{}: cannot be opened: {}", path.string(), std::strerror(errno));
    if (packed_ && lzma_stream_decoder(&stream_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) {
      std::fclose(file_);
      fail("{}: cannot start to unpack: out of memory", path.string());
    }
  }
  ~Source() {
    lzma_end(&stream_);
    std::fclose(file_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Appends some bytes; false at the end.
  bool read(std::string& out) { return packed_ ? read_packed(out) : read_plain(out); }

 private:
  std::size_t read_file() {
    const auto count = std::fread(input_.data(), 1, input_.size(), file_);
    require(std::ferror(file_) == 0, "{}: cannot be read: {}", path_.string(), std::strerror(errno));
    return count;
  }

  bool read_plain(std::string& out) {
    const auto count = read_file();
    out.append(reinterpret_cast<const char*>(input_.data()), count);
    return count > 0;
  }

  bool read_packed(std::string& out) {
    std::vector<std::uint8_t> unpacked(1 << 18);
    while (!finished_) {
      if (stream_.avail_in == 0) {
        stream_.avail_in = read_file();
        stream_.next_in = input_.data();
      }
      stream_.next_out = unpacked.data();
      stream_.avail_out = unpacked.size();
      const auto status = lzma_code(&stream_, std::feof(file_) != 0 ? LZMA_FINISH : LZMA_RUN);
      finished_ = status == LZMA_STREAM_END;
      require(status == LZMA_OK || finished_, "{}: the xz file is cut short or damaged; fetch it again",
              path_.string());
      if (const auto count = unpacked.size() - stream_.avail_out; count > 0) {
        out.append(reinterpret_cast<const char*>(unpacked.data()), count);
        return true;
      }
    }
    return false;
  }

  std::filesystem::path path_;
  bool packed_;
  bool finished_ = false;
  std::FILE* file_ = nullptr;
  std::vector<std::uint8_t> input_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

LineReader::LineReader(const std::filesystem::path& path)
    : path_(path), source_(std::make_unique<Source>(path)) {}
LineReader::~LineReader() = default;

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
