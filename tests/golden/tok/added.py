#!/usr/bin/env python3
"""Make tests/golden/tok/added.jsonl: folders with added tokens and other settings, and their token ids.

    python3 tests/golden/tok/added.py > tests/golden/tok/added.jsonl         (transformers 5.24, tokenizers 0.23)
    python3 tests/golden/tok/added.py fuzz build/lowrank 2000               compare many more strings

Every line has the files of a folder and a list of [text, ids] without special tokens.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertTokenizerFast

NAMES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the a cat dog sat Cat E1 e1 [ ] / < > # ! . , ' - _ caf\u00e9 cafe na \u4f60 \u597d \u03c3\u03b1 \u0130 i ss
 ##s ##t ##1 ##a ##e ##\u00e9 ##cat ##\u4f60 b c d e f g h i\u0307 x y z 1 2 ##2 ##x ##b""".split()
PARTS = """[E1] [/E1] [e1] Foo foo FOO fo foobar <ent> <ENT> ent New\u00a0York \u4f60\u597d caf\u00e9 CAF\u00c9
 cafe\u0301 [MASK] [CLS] [mask] [SEP] [PAD] [UNK] cat dog the cats catx _ - . ! # ## ##s \u0130 \u03a3\u03b1\u03c2
 \u200d \u200b \u00ad \u24b6 \U0001f130 \U0001f600 \u0301 1 2 \u0660 \ufffd \u1e9e \ufb01 \u1d15e \ud55c\uad6d
 \u2028 \u3000 \u00a0 <a><b> xx""".split(" ") + [" ", " ", "  ", "\t", "", "a", "b", "E1"]


def texts(rng, n):
    for _ in range(n):
        s = "".join(rng.choice(PARTS) if rng.random() < 0.9 else chr(rng.choice(
            [rng.randrange(32, 127), rng.randrange(160, 0x600), rng.randrange(0x1E00, 0x3100)]))
            for _ in range(rng.randrange(1, 9)))
        yield s.replace("\n", " ").replace("\r", " ")


def vocab_txt(bom=False, repeat=False, end="\n"):
    words = NAMES + list(dict.fromkeys(WORDS))
    if repeat:
        words += ["cat", "dog", "extra"]
    return ("\ufeff" if bom else "") + "".join(w + end for w in words)


def flags(text, **on):
    return dict(dict(content=text, single_word=False, lstrip=False, rstrip=False, normalized=False,
                     special=False), **on)


N = len(NAMES) + len(dict.fromkeys(WORDS))
ID = {w: i for i, w in enumerate(NAMES + list(dict.fromkeys(WORDS)))}
DECODER = {str(i): flags(t, special=True) for i, t in enumerate(NAMES)}
LEGACY = [
    ({}, vocab_txt()),
    ({}, vocab_txt(repeat=True, end=" \r\n")),
    ({"tokenizer_config.json": {"do_lower_case": False, "model_max_length": 10**30}}, vocab_txt()),
    ({"added_tokens.json": {"[E1]": N, "[/E1]": N + 1, "Foo": N + 2}}, vocab_txt()),
    ({"added_tokens.json": {"[E1]": N, "<ent>": N + 1, "caf\u00e9": ID["caf\u00e9"], "\u4f60\u597d": N + 2},
      "special_tokens_map.json": {"additional_special_tokens": ["<ent>"], "mask_token": flags("[MASK]", lstrip=True)},
      "tokenizer_config.json": {"do_lower_case": True}}, vocab_txt()),
    ({"special_tokens_map.json": {"additional_special_tokens": ["<ent>", "cat"], "pad_token": "[PAD]"},
      "tokenizer_config.json": {"strip_accents": False}}, vocab_txt()),
    ({"tokenizer_config.json": {"do_lower_case": True, "added_tokens_decoder": {
        **DECODER, str(N): flags("Foo", normalized=True), str(N + 1): flags("foo", single_word=True),
        str(N + 2): flags("New\u00a0York", normalized=True, lstrip=True, rstrip=True)}}}, vocab_txt()),
    ({"tokenizer_config.json": {"do_lower_case": False, "tokenize_chinese_chars": False, "added_tokens_decoder": {
        **DECODER, str(N): flags("Foo", normalized=True, single_word=True), str(N + 1): flags("\u4f60\u597d"),
        str(ID["_"]): flags("_", single_word=True, lstrip=True), str(N + 2): flags("xx", normalized=True)}}}, vocab_txt()),
    ({"tokenizer_config.json": {"additional_special_tokens": ["<ent>", "[E1]"], "sep_token": "E1",
                                "mask_token": None}}, vocab_txt()),
    ({"tokenizer_config.json": {"bos_token": "<ent>", "eos_token": None, "extra_special_tokens": {"x_token": "xx"},
                                "pad_token": {"__type": "AddedToken", **flags("[PAD]")}}}, vocab_txt()),
]


def folders():
    for files, vocab in LEGACY:
        d = tempfile.mkdtemp()
        files = {"vocab.txt": vocab, **{k: json.dumps(v, ensure_ascii=False) for k, v in files.items()}}
        for name, text in files.items():
            open(os.path.join(d, name), "w", encoding="utf-8", newline="").write(text)
        tok = BertTokenizerFast.from_pretrained(d)
        yield d, files, lambda s, tok=tok: tok(s, add_special_tokens=False)["input_ids"]
        saved = tempfile.mkdtemp()
        tok.save_pretrained(saved)
        files = {f: open(os.path.join(saved, f), encoding="utf-8").read() for f in os.listdir(saved)}
        yield saved, files, lambda s, tok=tok: tok(s, add_special_tokens=False)["input_ids"]
    for prefix, most, norm in (("##", 4, dict(lowercase=True)), ("##", 100, None),
                               ("##", 6, dict(lowercase=False, strip_accents=True, clean_text=False,
                                              handle_chinese_chars=False)), ("@@", 100, dict(lowercase=True))):
        words = [w.replace("##", prefix) if len(w) > 2 else w for w in vocab_txt().split("\n")[:-1]]
        tok = Tokenizer(models.WordPiece({w: 2 * i for i, w in enumerate(words)}, unk_token="[UNK]",
                                         continuing_subword_prefix=prefix, max_input_chars_per_word=most))
        tok.normalizer = normalizers.BertNormalizer(**norm) if norm else None
        tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tok.post_processor = processors.BertProcessing(("[SEP]", 6), ("[CLS]", 4))
        tok.add_special_tokens(NAMES)
        tok.add_tokens([AddedToken("[E1]", normalized=True), AddedToken("ent", single_word=True),
                        AddedToken("cat", normalized=True, single_word=True)])
        d = tempfile.mkdtemp()
        files = {"tokenizer.json": tok.to_str()}
        open(os.path.join(d, "tokenizer.json"), "w", encoding="utf-8").write(files["tokenizer.json"])
        yield d, files, lambda s, tok=tok: tok.encode(s, add_special_tokens=False).ids


def main():
    rng = random.Random(7)
    fuzz = sys.argv[1:2] == ["fuzz"]
    for i, (d, files, encode) in enumerate(folders()):
        cases = [(s, encode(s)) for s in texts(rng, int(sys.argv[3]) if fuzz else 40) if s]
        if not fuzz:
            cases = sorted({s: c for s, c in cases if len(set(c)) > 2}.items())[:12]
            print(json.dumps(dict(files=files, cases=cases)))
            continue
        r = subprocess.run([sys.argv[2], "tokenize", d], input="".join(s + "\n" for s, _ in cases),
                           capture_output=True, text=True)
        got = [json.loads(line)["ids"][1:-1] for line in r.stdout.split("\n")[:-1]]
        bad = [(s, want, ids) for (s, want), ids in zip(cases, got) if ids != want]
        print(i, list(files), len(cases), len(got), "differ:", len(bad), r.stderr[:300], *bad[:2])


main()
