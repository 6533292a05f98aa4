#include "core/base/sha256.hpp"

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

#include <openssl/evp.h>

#include "core/base/error.hpp"

namespace pagewright {

struct Sha256::Context {
  struct Deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Deleter> digest{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  require(context_->digest && EVP_DigestInit_ex(context_->digest.get(), EVP_sha256(), nullptr) == 1,
          "SHA-256 is not available in this OpenSSL");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->digest.get(), bytes.data(), bytes.size()) == 1, "SHA-256 failed");
  return *this;
}

Sha256& Sha256::update(std::string_view bytes) {
  return update(std::as_bytes(std::span(bytes)));
}

std::string Sha256::hex() const {
  Context copy;
  std::array<unsigned char, 32> digest;
  require(copy.digest && EVP_MD_CTX_copy_ex(copy.digest.get(), context_->digest.get()) == 1 &&
              EVP_DigestFinal_ex(copy.digest.get(), digest.data(), nullptr) == 1,
          "SHA-256 failed");
  std::string text;
  for (unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  return Sha256().update(bytes).hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), "cannot read '{}': {}", path.string(), std::generic_category().message(errno));
  std::vector<char> piece(1 << 20);
  Sha256 hash;
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.update(std::string_view(piece.data(), static_cast<std::size_t>(file.gcount())));
  require(file.eof() && !file.bad(), "cannot read '{}': the read failed", path.string());
  return hash.hex();
}

}  // namespace pagewright
