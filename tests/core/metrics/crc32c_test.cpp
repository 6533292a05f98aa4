#include "core/metrics/crc32c.hpp"

#include <numeric>
#include <string>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("CRC-32C agrees with the vectors of RFC 3720, appendix B.4") {
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
  CHECK(crc32c(rising) == 0x46DD794EU);
  CHECK(crc32c(std::string(rising.rbegin(), rising.rend())) == 0x113FDB5CU);
}

TEST_CASE("CRC-32C of the usual check string, and of nothing") {
  CHECK(crc32c("123456789") == 0xE3069283U);
  CHECK(crc32c("") == 0U);
}

TEST_CASE("The mask rotates by 15 bits and adds a constant") {
  const std::uint32_t plain = 0xE3069283U;
  CHECK(masked_crc32c("123456789") == ((plain >> 15) | (plain << 17)) + 0xA282EAD8U);
  CHECK(masked_crc32c("") == 0xA282EAD8U);
}

}  // namespace
}  // namespace pagewright
