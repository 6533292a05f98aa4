#include "core/text/byte_alphabet.hpp"

#include <array>
#include <cstdint>

#include "core/text/utf8.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kAlphabetEnd = 0x144;

struct ByteAlphabet {
  std::array<std::string, 256> characters;
  std::array<std::int16_t, kAlphabetEnd> bytes;

  ByteAlphabet() {
    bytes.fill(-1);
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      const char32_t character = printable ? byte : next++;
      append_utf8(characters[byte], character);
      bytes[character] = static_cast<std::int16_t>(byte);
    }
  }
};

const ByteAlphabet& byte_alphabet() {
  static const ByteAlphabet alphabet;
  return alphabet;
}

}  // namespace

const std::string& byte_character(unsigned char byte) {
  return byte_alphabet().characters[byte];
}

std::string to_byte_alphabet(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) text += byte_character(static_cast<unsigned char>(byte));
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t position = 0; position < text.size(); position += utf8_length(text[position])) {
    const char32_t character = code_point_at(text, position);
    if (character >= kAlphabetEnd || byte_alphabet().bytes[character] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte_alphabet().bytes[character]));
  }
  return bytes;
}

}  // namespace pagewright
