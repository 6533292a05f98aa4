#include "launch/serving/line_input.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/json_fields.hpp"
#include "core/data/line_reader.hpp"

namespace pagewright {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

class DescriptorLines final : public LineInput {
 public:
  DescriptorLines(int descriptor, std::string name, const StopSignal& stop, std::size_t most_bytes,
                  bool owned)
      : descriptor_(descriptor),
        name_(std::move(name)),
        stop_(stop),
        most_bytes_(most_bytes),
        owned_(owned) {}
  ~DescriptorLines() override {
    if (owned_) ::close(descriptor_);
  }

  bool next(InputLine& line) override {
    do {
      if (!read_line(line)) return false;
    } while (line.problem.empty() && is_blank(line.text));
    return true;
  }
  std::string name() const override { return name_; }

 private:
  bool read_line(InputLine& line) {
    line = {};
    std::size_t end = buffer_.find('\n', begin_);
    bool too_long = false;
    while (end == std::string::npos) {
      if (buffer_.size() - begin_ > most_bytes_) {
        too_long = true;
        begin_ = buffer_.size();
      }
      buffer_.erase(0, std::exchange(begin_, 0));
      const std::size_t searched = buffer_.size();
      if (!read_some()) {
        if (cut_off_ || (buffer_.empty() && !too_long)) return false;
        end = buffer_.size();
        break;
      }
      end = buffer_.find('\n', searched);
    }
    take(end, too_long, line);
    return true;
  }

  void take(std::size_t end, bool too_long, InputLine& line) {
    line.number = ++number_;
    if (too_long || end - begin_ > most_bytes_)
      line.problem = fmt::format("the line is longer than {} bytes", most_bytes_);
    else
      line.text.assign(buffer_, begin_, end - begin_);
    begin_ = std::min(end + 1, buffer_.size());
    if (number_ == 1 && line.text.starts_with("\xef\xbb\xbf")) line.text.erase(0, 3);
  }

  /// Waits for bytes; false at the end or when a stop is requested.
  bool read_some() {
    std::array<pollfd, 2> wait{{{stop_.fd(), POLLIN, 0}, {descriptor_, POLLIN, 0}}};
    while (true) {
      if (::poll(wait.data(), wait.size(), -1) < 0) {
        require(errno == EINTR, "{}: cannot wait for it: {}", name_, std::strerror(errno));
        continue;
      }
      if (wait[0].revents != 0) {
        cut_off_ = true;
        return false;
      }
      std::array<char, 1 << 16> block{};
      const auto count = ::read(descriptor_, block.data(), block.size());
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      require(count >= 0, "{}: cannot be read: {}", name_, std::strerror(errno));
      buffer_.append(block.data(), static_cast<std::size_t>(count));
      return count > 0;
    }
  }

  int descriptor_;
  std::string name_;
  const StopSignal& stop_;
  std::size_t most_bytes_;
  bool owned_;
  bool cut_off_ = false;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was not given yet
  std::int64_t number_ = 0;
};

class PackedLines final : public LineInput {
 public:
  PackedLines(const std::filesystem::path& file, const StopSignal& stop) : reader_(file), stop_(stop) {}

  bool next(InputLine& line) override {
    line = {};
    do {
      if (stop_.requested() || !reader_.next(line.text)) return false;
    } while (is_blank(line.text));
    line.number = reader_.line_number();
    return true;
  }
  std::string name() const override { return reader_.path().string(); }

 private:
  LineReader reader_;
  const StopSignal& stop_;
};

/// A JSON document, or its elements.
class DocumentElements final : public LineInput {
 public:
  DocumentElements(std::string name, nlohmann::json document, const StopSignal& stop)
      : name_(std::move(name)), document_(std::move(document)), stop_(stop) {}

  bool next(InputLine& line) override {
    const std::size_t count = document_.is_array() ? document_.size() : 1;
    if (given_ == count || stop_.requested()) return false;
    const nlohmann::json& element = document_.is_array() ? document_[given_] : document_;
    line = {element.dump(), static_cast<std::int64_t>(++given_), {}};
    return true;
  }
  std::string name() const override { return name_; }
  const char* unit() const override { return "element"; }

 private:
  std::string name_;
  nlohmann::json document_;
  const StopSignal& stop_;
  std::size_t given_ = 0;
};

std::string first_full_line(const std::filesystem::path& file) {
  LineReader reader(file);
  std::string line;
  while (reader.next(line))
    if (!is_blank(line)) return line;
  return {};
}

bool begins_a_document(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(kBlanks), end = line.find_last_not_of(kBlanks);
  if (begin == std::string::npos || (line[begin] != '{' && line[begin] != '[')) return false;
  if (nlohmann::json::accept(line)) return line[begin] == '[';
  return std::string_view("{[,:").find(line[end]) != std::string_view::npos;
}

nlohmann::json read_document(const std::filesystem::path& file) {
  LineReader reader(file);
  std::string text, line;
  while (reader.next(line)) text += line + '\n';
  return with_context(file.string(), [&] { return parse_json(text); });
}

}  // namespace

std::unique_ptr<LineInput> descriptor_lines(int descriptor, std::string name, const StopSignal& stop,
                                            std::size_t most_bytes) {
  return std::make_unique<DescriptorLines>(descriptor, std::move(name), stop, most_bytes, /*owned=*/false);
}

std::unique_ptr<LineInput> open_line_input(const std::filesystem::path& file, const StopSignal& stop) {
  if (file.empty() || file == "-") return descriptor_lines(STDIN_FILENO, "standard input", stop);
  if (std::filesystem::is_regular_file(file)) {
    if (begins_a_document(first_full_line(file)))
      return std::make_unique<DocumentElements>(file.string(), read_document(file), stop);
    if (unpacked_name(file) != file) return std::make_unique<PackedLines>(file, stop);
  }
  require(!std::filesystem::is_directory(file), "{}: a folder, a file is needed", file.string());
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor >= 0, "{}: cannot be opened: {}", file.string(), std::strerror(errno));
  return std::make_unique<DescriptorLines>(descriptor, file.string(), stop, kMostLineBytes, /*owned=*/true);
}

}  // namespace pagewright
