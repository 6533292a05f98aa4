"""Random texts that tokenizers get wrong, as bytes: all Unicode planes, marks, spaces, digits, emoji, scripts that run from
right to left, contractions, long runs, added tokens inside text, and bytes that are no UTF-8."""

import random

WORDS = (
    "the price is running shoes don't WE'LL they'Ve I'm it'S she'ſ 'tis 'RE'LL naïve café Straße ﬁne İstanbul ǅ "
    "Καλημέρα κόσμε Привет мир мы שלום עולם السلام عليكم हिन्दी किताब ภาษาไทย 日本語 テキスト かな ｶﾀｶﾅ 中文字符 漢字 한국어 각 ᄒ ᅡ ᆫ "
    "iPhone 15 Pro 256GB 1,299.99 3.14e-10 0x1F ½ ² Ⅷ ٣٤٥ 𝟙𝟚 १२३ http://example.com/a?b=c#d {\"key\": [1, 2]} <b> </s> <|x|> "
    "snake_case CamelCase __init__ a.b.c don’t “quoted” … — · ™ €5 £ ¥"
).split(" ")
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "❤️", "☃", "1️⃣", "\U0001fae8", "\U0001fac6"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\r", "\v", "\f", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028",
          "\u200b", "\u180e", "\ufeff", "\u1680", " \n ", "    "]
MARKS = [0x300, 0x301, 0x308, 0x323, 0x327, 0x345, 0x334, 0x5B0, 0x64B, 0x94D, 0x93C, 0x1DC4, 0x20D0, 0x302A, 0x898, 0x1DF6,
         0x10F46, 0x16FF0, 0x1133B, 0x1E08F, 0x0E31, 0x3099]
PLANES = [(0, 0x80), (0x80, 0x300), (0x300, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000), (0x20000, 0x30000),
          (0x30000, 0x40000), (0xE0000, 0xE1000), (0, 0x110000)]
BROKEN = [b"\xff", b"\xc0\xaf", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe0\x80\x80",
          b"\xf8\x88", b"\xc3", b"\xf0\x9f", b"\xfe\xfe"]


def code_points(draw, count):
    low, high = draw.choice(PLANES)
    points = (draw.randrange(low, high) for _ in range(count))
    return "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)


def marked(draw):
    base = draw.choice(["a", "e", "o", "ａ", "か", "ᄀ", "가", "क", "ا", "\U0001133a", "\U00011935", "\U000105d2", " ", "1"])
    return base + "".join(chr(draw.choice(MARKS + [0x1161, 0x11A8, 0x11930, 0x307])) for _ in range(draw.randrange(1, 5)))


def run(draw):
    part = draw.choice([" ", "\n", "a", "ab", "1", "é", "中", "👍", ".", "=", "\t", "\u0301", "Ġ", "▁", draw.choice(WORDS)])
    return part * draw.choice([3, 7, 16, 31, 33, 64, 200])


def piece(draw, tokens):
    kind = draw.randrange(12)
    if kind < 4:
        return draw.choice(WORDS) + draw.choice(["", " ", " ", draw.choice(SPACES)])
    if kind == 4:
        return draw.choice(SPACES)
    if kind == 5:
        return code_points(draw, draw.randrange(1, 12))
    if kind == 6:
        return marked(draw)
    if kind == 7:
        return draw.choice(EMOJI)
    if kind == 8:
        return "".join(draw.choice("0123456789٠٣९𝟘½²") for _ in range(draw.randrange(1, 9)))
    if kind == 9 and tokens:
        token = draw.choice(tokens)
        cut = draw.randrange(8)
        token = token[:-1] if cut == 0 else token[1:] if cut == 1 else token
        return draw.choice(["", " ", "  ", "a", "\n", "1"]) + token + draw.choice(["", "", " ", " \n ", "b", "é", "."])
    if kind == 10 and draw.randrange(3) == 0:
        return run(draw)
    return "".join(chr(draw.randrange(32, 127)) for _ in range(draw.randrange(1, 10)))


def nasty_text(draw, tokens):
    """One text as bytes; `tokens` are contents of added tokens."""
    text = b""
    for _ in range(draw.randrange(0, 12)):
        text += piece(draw, tokens).encode()
        if draw.randrange(20) == 0:
            text += draw.choice(BROKEN)
        if draw.randrange(60) == 0:
            text += bytes(draw.randrange(256) for _ in range(draw.randrange(1, 6)))
    return text


def nasty_texts(seed, count, tokens=()):
    draw = random.Random(seed)
    return [nasty_text(draw, tokens) for _ in range(count)]
