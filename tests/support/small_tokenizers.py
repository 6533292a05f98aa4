"""Small tokenizers with the pipelines of well-known models, trained with the Python package `tokenizers`."""

import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from nasty_texts import nasty_texts

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3_PATTERN = QWEN_PATTERN.replace(r"\p{N}|", r"\p{N}{1,3}|", 1)
O200K_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
POSSESSIVE_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s*[\r\n]|\s+(?!\S)|\s"
)
DEEPSEEK_PATTERN = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)


def corpus(texts):
    """Texts to train on: documents, and nasty texts that are UTF-8."""
    return [line for text in texts for line in text.splitlines(keepends=True)] + [
        text.decode(errors="ignore") for text in nasty_texts(1, 3000)
    ]


def byte_level(size, lines, normalizer, pre_tokenizer, added, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        lines, trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    )
    tokenizer.add_special_tokens([token for token in added if token.special])
    tokenizer.add_tokens([token for token in added if not token.special])
    return tokenizer


def special(content, **options):
    return AddedToken(content, special=True, normalized=False, **options)


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def qwen_like(lines, size=1200):
    added = [special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>"), AddedToken("<think>", normalized=False),
             AddedToken("</think>", normalized=False)]
    return byte_level(size, lines, normalizers.NFC(), split_then_bytes(QWEN_PATTERN), added)


def llama3_like(lines):
    added = [special("<|begin_of_text|>"), special("<|end_of_text|>"), special("<|eot_id|>")]
    tokenizer = byte_level(1500, lines, None, split_then_bytes(LLAMA3_PATTERN), added, ignore_merges=True)
    first = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B:1",
                special_tokens=[("<|begin_of_text|>", first)],
            ),
        ]
    )
    # Whole words that no merges reach, as in Llama 3's file, whose `ignore_merges` finds them.
    value = json.loads(tokenizer.to_str())
    value["model"]["merges"] = value["model"]["merges"][::2]
    reachable = [m for m in value["model"]["merges"] if "".join(m) in value["model"]["vocab"]]
    value["model"]["merges"] = reachable
    return Tokenizer.from_str(json.dumps(value))


def smollm_like(lines):
    digits = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    return byte_level(1000, lines, None, digits, [special("<|endoftext|>"), special("<repo_name>")])


def byte_fallback(lines, size=1000):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(
        lines,
        trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", *bytes_], limit_alphabet=150,
                            show_progress=False),
    )
    # Only the first three stay added tokens.
    value = json.loads(tokenizer.to_str())
    value["added_tokens"] = value["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(value))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def llama2_like(lines):
    """The legacy form: the normaliser writes spaces as ▁, and the whole text is one word."""
    tokenizer = byte_fallback(lines)
    value = json.loads(tokenizer.to_str())
    value["pre_tokenizer"] = None
    value["normalizer"] = {
        "type": "Sequence",
        "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}],
    }
    value["decoder"] = {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    }
    return Tokenizer.from_str(json.dumps(value))


def mistral_like(lines):
    """The newer form: Metaspace before the model, added tokens beside it."""
    tokenizer = byte_fallback(lines)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([special("[INST]"), special("[/INST]"), special("<tool>", lstrip=True, rstrip=True)])
    return tokenizer


def metaspace_words(lines):
    """Metaspace that splits, unknown characters instead of bytes, and its own decoder."""
    tokenizer = byte_fallback(lines, 700)
    value = json.loads(tokenizer.to_str())
    value["model"]["byte_fallback"] = False
    value["model"]["fuse_unk"] = False
    tokenizer = Tokenizer.from_str(json.dumps(value))
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_tokens([AddedToken("running", single_word=True), AddedToken("é", normalized=True)])
    return tokenizer


def patchwork(lines, seed):
    """Components in an order that no model has; `seed` draws them."""
    draw = random.Random(seed)
    behavior = lambda: draw.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"])
    normal = [draw.choice([normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD])()]
    if draw.random() < 0.5:
        normal.append(normalizers.Lowercase())
    if draw.random() < 0.5:
        normal.append(normalizers.Strip(draw.random() < 0.7, draw.random() < 0.7))
    normal.append(normalizers.Replace(Regex(r"\s{2,}|[^\S\n]\n"), draw.choice([" ", "", "::"])))
    steps = [
        pre_tokenizers.Split(Regex(draw.choice([r"\p{Han}+|\p{Lu}\p{Ll}*", r"[a-f0-9]+?\d|\W", r"(?<=\p{L})\p{M}+|[^\w\s]", r"[一-龥]+|[぀-ゟ]+",
                                                O200K_PATTERN, DEEPSEEK_PATTERN, POSSESSIVE_PATTERN, r"x*", r"(?>a+)b?|\p{^L}{2,3}"])),
                             behavior(), draw.random() < 0.3),
        pre_tokenizers.Split(draw.choice([" ", "a", "--", "."]), behavior(), draw.random() < 0.3),
        pre_tokenizers.Punctuation(behavior()),
        pre_tokenizers.Digits(draw.random() < 0.5),
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.ByteLevel(add_prefix_space=draw.random() < 0.5, use_regex=draw.random() < 0.5),
    ]
    chosen = draw.sample(steps[:5], draw.randrange(1, 5))
    chosen.insert(draw.randrange(len(chosen) + 1) if draw.random() < 0.3 else len(chosen), steps[5])
    added = [
        AddedToken("shoes", single_word=True, normalized=draw.random() < 0.5),
        AddedToken("<a>", lstrip=True, rstrip=draw.random() < 0.5, normalized=draw.random() < 0.5),
        AddedToken("<a><a>", rstrip=True, normalized=False),
        AddedToken("Price", normalized=True), special("<|x|>", single_word=draw.random() < 0.5), AddedToken("  ", normalized=False),
    ]
    options = {"unk_token": "e"} if draw.random() < 0.3 else {}
    return byte_level(600, lines, normalizers.Sequence(normal), pre_tokenizers.Sequence(chosen), added, **options)
