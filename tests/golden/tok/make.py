#!/usr/bin/env python3
"""Make core/text/norm_ranges.h and tests/golden/tok/cases.jsonl from the tokenizers package.

    python3 tests/golden/tok/make.py ranges > core/text/norm_ranges.h; clang-format -i core/text/norm_ranges.h
    python3 tests/golden/tok/make.py cases  > tests/golden/tok/cases.jsonl

The ranges are read off by asking its normalizers about every code point; they are those of the Unicode
version its Rust crates were built from (categories: 8, decomposition: 9), not of the newest one.
"""
import json
import os
import sys

import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


def ranges(keep, first=0x80):
    found = []
    for c in POINTS:
        if c < first or not keep(c):
            continue
        if found and found[-1][1] in (c - 1, c - 1 - 0x800 * (c == 0xE000)):
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def table(name, comment, rows):
    print(f"\n/* {comment} */\nstatic const struct range {name}[] = {{")
    cells = ["{ 0x%04X, 0x%04X }," % tuple(r) for r in rows]
    line = "   "
    for cell in cells:
        if len(line) + 1 + len(cell) > 100:
            print(line)
            line = "   "
        line += " " + cell
    print(line + "\n};")


def print_ranges():
    clean, strip, nfd = bert(clean_text=True), bert(strip_accents=True), normalizers.NFD().normalize_str
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    low, high = "\u0334", "\u0345"  # combining classes 1 and 240: the ends of the scale

    def moves(c):  # a non-starter trades places with one of the ends
        s = chr(c)
        return nfd(s) == s and (nfd(s + low) != s + low or nfd(high + s) != high + s)

    print("/* norm_ranges.h - character classes above ASCII as the tokenizers package sees them, for norm.c\n"
          f" * alone. Made by tests/golden/tok/make.py with tokenizers {tokenizers.__version__};"
          " do not edit. */\n#ifndef NORM_RANGES_H\n#define NORM_RANGES_H\n\n#include <stdint.h>\n\n"
          "struct range {\n    uint32_t first, last;\n};")
    table("control_ranges", "categories Cc, Cf and Co; unassigned code points are not among them",
          ranges(lambda c: c != 0xFFFD and clean(chr(c)) == ""))
    table("punct_ranges", "category P*", ranges(lambda c: len(words("a" + chr(c) + "b")) == 3))
    table("accent_ranges", "category Mn, and what decomposes into nothing else",
          ranges(lambda c: strip(chr(c)) == ""))
    table("mark_ranges", "not accents, but with a combining class, so that decomposition may move them",
          ranges(lambda c: strip(chr(c)) != "" and moves(c)))
    table("astral_decomposed", "all above U+FFFF that decompose",
          ranges(lambda c: nfd(chr(c)) != chr(c), 0x10000))
    print("#endif")


TEXTS = [
    ("Hello, world!", None), ("the LORA adapters", "unseen words"), ("", None), ("", ""), ("   ", "\t"),
    ("caf\u00e9 na\u00efve \u00c5 \u0130stanbul", None), ("hello\u00a0world\u3000the\u2028end", None),
    ("\u4f60\u597d world", None), ("x\u200by\u00adz\ufffdw", "a\u0000b"), ("[CLS] the [MASK] end [SEP]", None),
    ("[cls] [PAD][UNK]the", None), ("x" * 100 + " " + "x" * 101, None), ("don't-stop. $5 #hash", None),
    ("e\u0301\u0301\u0301", "\u1e69"), ("\ud55c\uad6d\uc5b4", "\u2e43a\u166d"), ("ththth thethe", None),
    ("a\u302e\u1b44\u302eb \U0001d15e", None), ("\u1c89 \ua7cb \U00010d50", None),
]


def print_cases():
    names = open(os.path.join(HERE, "vocab.txt"), encoding="utf-8").read().split("\n")[:-1]
    vocab = {t: i for i, t in enumerate(names)}
    for lower, strip in ((True, None), (False, None), (True, False)):
        tok = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
        tok.normalizer = normalizers.BertNormalizer(lowercase=lower, strip_accents=strip)
        tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tok.add_special_tokens(SPECIAL)
        tok.post_processor = processors.BertProcessing(("[SEP]", vocab["[SEP]"]), ("[CLS]", vocab["[CLS]"]))
        for a, b in TEXTS:
            for limit in (0, 4, 5, 8, 9) if b or len(a) > 60 else (0, 4):
                tok.no_truncation()
                if limit:
                    tok.enable_truncation(limit, strategy="longest_first")
                e = tok.encode(a, b)
                print(json.dumps(dict(lower=lower, strip=strip, a=a, b=b, max_len=limit, ids=e.ids)))


if sys.argv[1:] == ["ranges"]:
    print_ranges()
elif sys.argv[1:] == ["cases"]:
    print_cases()
else:
    sys.exit(__doc__)
