#include "launch/start_weights.hpp"

#include <cctype>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/added_rows.hpp"
#include "core/model/hf_checkpoint.hpp"

namespace pagewright {

namespace {

/// The words in a token's spelling: "<section:carousel>" -> " section carousel", "</page>" -> " end page".
std::string words_of_name(const std::string& name) {
  std::string words;
  bool space = true;
  for (const char c : name) {
    if (c == '/') {
      words += " end";
      space = true;
    } else if (std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80) {
      if (space) words += ' ';
      words += c;
      space = false;
    } else {
      space = true;
    }
  }
  return words;
}

/// Words of each of the tokens beyond the tokenizer's own, [added tokens][ids].
std::vector<std::vector<TokenId>> words_of_added(const PageLanguage& language, LayoutStart start) {
  std::vector<std::vector<TokenId>> words;
  for (const std::string& name : language.added_token_names()) {
    words.emplace_back();
    if (start == LayoutStart::names)
      words.back() = language.prompt_template().tokenizer()->encode_plain(words_of_name(name));
  }
  return words;
}

}  // namespace

void start_weights(FlatParameters& parameters, const PageLanguage& language, std::uint64_t seed) {
  parameters.initialise(seed);
  const ModelConfig& config = parameters.config();
  if (config.path.empty() || config.start == ModelStart::random) return;
  const HfCheckpoint checkpoint(config.path);
  const std::int64_t known = language.prompt_template().table_begin();
  require(known <= checkpoint.config().vocab_size,
          "{}: the tokenizer has {} tokens, but config.json a vocab_size of {}; they are not of one model",
          config.path.string(), known, checkpoint.config().vocab_size);
  const std::vector<std::vector<TokenId>> words = words_of_added(language, config.layout_start);
  // An exported folder has rows for our tokens already.
  const bool exported = language.prompt_template().tokenizer()->size() > known;
  parameters.fill([&](const ParameterSpec& spec, const at::Tensor& values) {
    if (!checkpoint.has(spec.name)) return;
    checkpoint.read(spec.name, values);
    if (is_vocabulary_matrix(spec.name) && !exported) start_added_rows(values, known, words, seed, spec.name);
  });
}

}  // namespace pagewright
