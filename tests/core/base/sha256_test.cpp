#include "core/base/sha256.hpp"

#include <string>
#include <utility>

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {

TEST_CASE("SHA-256 gives the published values") {
  // The examples of NIST for FIPS 180-4.
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 in pieces is SHA-256 of the whole, and hex() does not end it") {
  Sha256 hash;
  hash.update("a").update(std::string_view()).update("b");
  CHECK(hash.hex() == sha256_hex("ab"));
  Sha256 moved = std::move(hash);
  CHECK(moved.update("c").hex() == sha256_hex("abc"));
}

TEST_CASE("SHA-256 of a file is that of its content") {
  const test::TemporaryFolder folder;
  const std::string content(3'000'001, 'x');
  write_file_atomically(folder / "large", content);
  write_file_atomically(folder / "empty", "");
  CHECK(sha256_file(folder / "large") == sha256_hex(content));
  CHECK(sha256_file(folder / "empty") == sha256_hex(""));
  CHECK(test::error_text([] { sha256_file("/nowhere/x"); }) ==
        "cannot read '/nowhere/x': No such file or directory");
  CHECK(test::error_text([&] { sha256_file(folder.path()); }).starts_with("cannot read '"));
}

}  // namespace pagewright
