#include "core/data/byte_source.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr std::size_t kUnpackedPiece = 1 << 18;

/// The file itself.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path) : path_(path), bytes_(1 << 16) {
    require(!std::filesystem::is_directory(path), "{}: a folder, a file is needed", path.string());
    file_ = std::fopen(path.c_str(), "rb");
    require(file_ != nullptr, "{}: cannot be opened: {}", path.string(), std::strerror(errno));
  }
  ~RawFile() { std::fclose(file_); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  /// The next bytes; empty at the end.
  std::span<std::uint8_t> next() {
    const auto count = std::fread(bytes_.data(), 1, bytes_.size(), file_);
    require(std::ferror(file_) == 0, "{}: cannot be read: {}", path_.string(), std::strerror(errno));
    return {bytes_.data(), count};
  }
  [[noreturn]] void damaged(const char* form) const {
    fail("{}: the {} file is cut short or damaged; fetch it again", path_.string(), form);
  }
  [[noreturn]] void no_memory() const { fail("{}: cannot start to unpack: out of memory", path_.string()); }

 private:
  std::filesystem::path path_;
  std::vector<std::uint8_t> bytes_;
  std::FILE* file_ = nullptr;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(const std::filesystem::path& path) : file_(path) {}
  bool read(std::string& out) override {
    const auto bytes = file_.next();
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return !bytes.empty();
  }

 private:
  RawFile file_;
};

class XzSource final : public ByteSource {
 public:
  explicit XzSource(const std::filesystem::path& path) : file_(path) {
    if (lzma_stream_decoder(&stream_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) file_.no_memory();
  }
  ~XzSource() override { lzma_end(&stream_); }

  bool read(std::string& out) override {
    std::vector<std::uint8_t> unpacked(kUnpackedPiece);
    while (!finished_) {
      if (stream_.avail_in == 0) {
        const auto bytes = file_.next();
        at_end_ = bytes.empty();
        stream_.next_in = bytes.data();
        stream_.avail_in = bytes.size();
      }
      stream_.next_out = unpacked.data();
      stream_.avail_out = unpacked.size();
      const auto status = lzma_code(&stream_, at_end_ ? LZMA_FINISH : LZMA_RUN);
      finished_ = status == LZMA_STREAM_END;
      if (status != LZMA_OK && !finished_) file_.damaged("xz");
      if (const auto count = unpacked.size() - stream_.avail_out; count > 0) {
        out.append(reinterpret_cast<const char*>(unpacked.data()), count);
        return true;
      }
    }
    return false;
  }

 private:
  RawFile file_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool at_end_ = false, finished_ = false;
};

/// Members may follow each other.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(const std::filesystem::path& path) : file_(path) {
    constexpr int kGzipWindow = 15 + 16;
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) file_.no_memory();
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  bool read(std::string& out) override {
    std::vector<std::uint8_t> unpacked(kUnpackedPiece);
    for (;;) {
      if (stream_.avail_in == 0) {
        const auto bytes = file_.next();
        if (bytes.empty()) break;
        stream_.next_in = bytes.data();
        stream_.avail_in = static_cast<uInt>(bytes.size());
      }
      if (between_members_ && inflateReset(&stream_) != Z_OK) file_.damaged("gzip");
      between_members_ = false;
      stream_.next_out = unpacked.data();
      stream_.avail_out = static_cast<uInt>(unpacked.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) file_.damaged("gzip");
      between_members_ = status == Z_STREAM_END;
      if (const auto count = unpacked.size() - stream_.avail_out; count > 0) {
        out.append(reinterpret_cast<const char*>(unpacked.data()), count);
        return true;
      }
    }
    if (!between_members_) file_.damaged("gzip");
    return false;
  }

 private:
  RawFile file_;
  z_stream stream_{};
  bool between_members_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(const std::filesystem::path& path) : file_(path), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) file_.no_memory();
  }
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  bool read(std::string& out) override {
    std::vector<char> unpacked(kUnpackedPiece);
    for (;;) {
      // What found no room in the last output is given out before more is read.
      if (input_.pos == input_.size && !more_inside_) {
        const auto bytes = file_.next();
        if (bytes.empty()) break;
        input_ = {bytes.data(), bytes.size(), 0};
      }
      ZSTD_outBuffer output{unpacked.data(), unpacked.size(), 0};
      const std::size_t before = input_.pos;
      const std::size_t left = ZSTD_decompressStream(stream_, &output, &input_);
      if (ZSTD_isError(left) != 0) file_.damaged("zstd");
      if (output.pos > 0 || input_.pos > before) frame_left_ = left;
      more_inside_ = output.pos == output.size;
      if (output.pos > 0) {
        out.append(unpacked.data(), output.pos);
        return true;
      }
    }
    if (frame_left_ != 0) file_.damaged("zstd");
    return false;
  }

 private:
  RawFile file_;
  ZSTD_DStream* stream_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::size_t frame_left_ = 1;  ///< 0: a frame is complete
  bool more_inside_ = false;
};

struct PackedForm {
  const char* ending;
  std::unique_ptr<ByteSource> (*open)(const std::filesystem::path& path);
};

template <class Source>
std::unique_ptr<ByteSource> open_source(const std::filesystem::path& path) {
  return std::make_unique<Source>(path);
}

constexpr std::array<PackedForm, 3> kPackedForms = {PackedForm{".gz", open_source<GzipSource>},
                                                    PackedForm{".xz", open_source<XzSource>},
                                                    PackedForm{".zst", open_source<ZstdSource>}};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path) {
  for (const PackedForm& form : kPackedForms)
    if (path.extension() == form.ending) return form.open(path);
  return std::make_unique<PlainSource>(path);
}

std::filesystem::path unpacked_name(std::filesystem::path path) {
  for (const PackedForm& form : kPackedForms)
    if (path.extension() == form.ending) return path.replace_extension();
  return path;
}

}  // namespace pagewright
