#include "core/text/normalisation.hpp"

#include "tests/support/catch.hpp"

namespace pagewright {

// Expected values: Unicode Standard Annex 15, figures 3 to 6, and its rules.
TEST_CASE("Normal forms compose, decompose and reorder") {
  CHECK(normalise("e\u0301", NormalForm::nfc) == "\u00e9");
  CHECK(normalise("\u00e9", NormalForm::nfd) == "e\u0301");
  CHECK(normalise("\u1e9b\u0323", NormalForm::nfc) == "\u1e9b\u0323");
  CHECK(normalise("\u1e9b\u0323", NormalForm::nfd) == "\u017f\u0323\u0307");
  CHECK(normalise("\u1e9b\u0323", NormalForm::nfkc) == "\u1e69");
  CHECK(normalise("\u1e9b\u0323", NormalForm::nfkd) == "s\u0323\u0307");
  CHECK(normalise("\u1112\u1161\u11ab", NormalForm::nfc) == "\ud55c");
  CHECK(normalise("\ufb01", NormalForm::nfkc) == "fi");
  CHECK(normalise("\u212b", NormalForm::nfc) == "\u00c5");
  CHECK(normalise("plain", NormalForm::nfc) == "plain");
  CHECK(normalise("", NormalForm::nfkd).empty());
}

TEST_CASE("Normal forms are those of Unicode 9, whatever the library knows") {
  // A mark of Unicode 14 stays where it is, a letter of Unicode 13 is not put together.
  CHECK(normalise("a\u0315\u0898", NormalForm::nfc) == "a\u0315\u0898");
  CHECK(normalise("\U00011935\U00011930", NormalForm::nfc) == "\U00011935\U00011930");
  CHECK(normalise("\U00011938", NormalForm::nfd) == "\U00011938");
}

TEST_CASE("Lower case knows letters of Unicode 16 and the one letter that becomes two") {
  CHECK(lower_case("ABC Äß Σ") == "abc äß σ");
  CHECK(lower_case("\u0130") == "i\u0307");
  CHECK(lower_case("\u1c89") == "\u1c8a");
}

}  // namespace pagewright
