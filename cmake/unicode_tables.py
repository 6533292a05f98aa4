#!/usr/bin/env python3
"""Writes core/text/unicode_tables.cpp: what the Python package `tokenizers` knows about characters, where the libraries
on a machine may know more or less (their Unicode versions differ). Run it with Python 3.11, whose unicodedata is that of
Unicode 14, in an environment with `tokenizers` and the newest `unicodedata2`:
    python cmake/unicode_tables.py core/text/unicode_tables.cpp
"""

import sys
import unicodedata

import unicodedata2
from tokenizers import Regex, normalizers, pre_tokenizers

assert unicodedata.unidata_version == "14.0.0", "needs a Python whose unicodedata is of Unicode 14.0"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
# Long assigned, of the category, and of 2, 3 or 4 bytes in UTF-8. "Han" is Lo of that script.
STAND_INS = {
    2: {"Cn": 0x378},
    3: {"Mn": 0x902, "Mc": 0x903, "Po": 0x964, "Lu": 0x1E00, "Ll": 0x1E01, "So": 0x2300, "Cn": 0xFFFE},
    4: {"Lo": 0x10280, "Han": 0x20000, "Nd": 0x104A0, "Lm": 0x16B40, "Lu": 0x10400, "Ll": 0x10428, "Mn": 0x10A01,
        "Mc": 0x11000, "Pd": 0x10EAD, "Sm": 0x1D6C1, "Po": 0x10100, "So": 0x10137, "Cf": 0x110BD, "No": 0x10107,
        "Cn": 0x1FFFE},
}


def matched(pattern):
    """Code points that a regular expression of `tokenizers` matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for begin in range(0, len(CODE_POINTS), 4096):
        block = CODE_POINTS[begin : begin + 4096]
        kept = set("".join(piece for piece, _ in split.pre_tokenize_str("".join(map(chr, block)))))
        found.update(c for c in block if chr(c) not in kept)
    return found


def isolated(pre_tokenizer):
    return {c for c in CODE_POINTS if len(pre_tokenizer.pre_tokenize_str("a" + chr(c) + "a")) == 3}


def utf8_length(code_point):
    return len(chr(code_point).encode())


def stand_in(code_point, category):
    if category == "Lo" and unicodedata2.name(chr(code_point), "").startswith("CJK UNIFIED IDEOGRAPH"):
        category = "Han"
    return STAND_INS[utf8_length(code_point)][category]


def changed_categories():
    """(code point, stand-in) where the category is not the one of Unicode 14, and where that has no character."""
    for category in CATEGORIES:
        for c in matched(r"\p{%s}" % category):
            old = unicodedata.category(chr(c))
            if old == "Cn" or old != category:
                yield c, stand_in(c, category)


def changed_normalisation():
    """Code points that newer Unicode decomposes, reorders or composes, and `tokenizers` does not."""
    for c in CODE_POINTS:
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            mine = getattr(normalizers, form)()
            tries = (chr(c), "a" + chr(c) + "\u0334", "a\u0345" + chr(c), "a" + chr(c) + "\u0301")
            if any(mine.normalize_str(t) != unicodedata2.normalize(form, t) for t in tries):
                yield c
                break


def changed_lower_case():
    """(code point, its lower case) where they differ from Unicode 14; those whose lower case is two are left out."""
    mine = normalizers.Lowercase()
    for c in CODE_POINTS:
        lower = mine.normalize_str(chr(c))
        if lower != chr(c).lower() and len(lower) == 1:
            yield c, ord(lower)


def ranges(code_points):
    result = []
    for c in sorted(code_points):
        if result and result[-1][1] == c - 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


def stand_in_ranges():
    result = []
    for c, by in sorted(changed_categories()):
        if result and result[-1][1] == c - 1 and result[-1][2] == by and utf8_length(c - 1) == utf8_length(c):
            result[-1][1] = c
        else:
            result.append([c, c, by])
    return result


def table(kind, name, rows):
    text = f"constexpr {kind} {name}[] = {{\n"
    line = "   "
    for row in rows:
        entry = " {" + ", ".join(f"0x{value:x}" for value in row) + "},"
        if len(line) + len(entry) > 108:
            text += line + "\n"
            line = "   "
        line += entry
    return text + line + "\n};\n"


def main():
    parts = [
        table("StandIn", "kStandIns", stand_in_ranges()),
        table("CodePointRange", "kUnnormalised", ranges(changed_normalisation())),
        table("LowerCase", "kLowerCase", changed_lower_case()),
        table("CodePointRange", "kNumeric", ranges(isolated(pre_tokenizers.Digits(individual_digits=True)))),
        table("CodePointRange", "kPunctuation", ranges(isolated(pre_tokenizers.Punctuation()))),
    ]
    functions = "".join(
        f"std::span<const {kind}> {function}() {{\n  return {name};\n}}\n"
        for kind, function, name in (
            ("StandIn", "stand_ins", "kStandIns"),
            ("CodePointRange", "unnormalised_ranges", "kUnnormalised"),
            ("LowerCase", "later_lower_case", "kLowerCase"),
            ("CodePointRange", "numeric_ranges", "kNumeric"),
            ("CodePointRange", "punctuation_ranges", "kPunctuation"),
        )
    )
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(
            "// Written by cmake/unicode_tables.py; do not change it by hand.\n// clang-format off\n"
            '#include "core/text/unicode_tables.hpp"\n\nnamespace pagewright {\n\nnamespace {\n\n'
            + "\n".join(parts)
            + "\n}  // namespace\n\n"
            + functions
            + "\n}  // namespace pagewright\n"
        )


if __name__ == "__main__":
    main()
