#!/usr/bin/env python3
"""make.py - counts.tsv: how many numbers each configuration of experiments/paper/counts.yaml trains, by the formulas
of Hu et al. 2021 (section 5.1) and the published shapes, written again here (Python 3 alone, nothing of lowrank).
Columns: table, row, model, words, numbers. Run from the top of the repository."""
import re

# layers, d, vocabulary, positions, segments, whether there is BERT's dense pooler
SHAPES = {
    "roberta-base": (12, 768, 50265, 514, 1, True),
    "roberta-large": (24, 1024, 50265, 514, 1, True),
    "deberta-xxl": (48, 1536, 128100, 0, 0, True),
    "gpt2-medium": (24, 1024, 50257, 1024, 0, False),
    "gpt2-large": (36, 1280, 50257, 1024, 0, False),
    "gpt3-175b": (96, 12288, 50257, 2048, 0, False),
}


def count(method, keys, model):
    layers, d, vocab, positions, segments, pooler = SHAPES[model]
    r = int(keys.get("rank", 0))
    length = int(keys.get("prefix", 0)) + int(keys.get("infix", 0))
    block = 12 * d * d + 13 * d
    adapter = 2 * d * r + r + d
    # Of DeBERTa the table of 512 relative positions, the convolution over 3 tokens, and a LayerNorm of each.
    extra = 512 * d + 2 * d + 3 * d * d + 3 * d if model == "deberta-xxl" else 0
    dropped = len([x for x in keys.get("drop_layers", "").split(",") if x])
    return {
        "lora": lambda: 2 * layers * len(keys["targets"].split(",")) * d * r,
        "ft": lambda: (vocab + positions + segments + 2) * d + layers * block + pooler * (d * d + d) + extra,
        "topk": lambda: int(keys["top_layers"]) * block,
        "bitfit": lambda: 11 * layers * d + d,  # linear 9 d and LayerNorms 2 d of a block, one LayerNorm more
        "prefix-embed": lambda: d * length,
        "prefix-layer": lambda: layers * d * length,
        "prefix-kv": lambda: 2 * layers * d * length,
        "adapter-h": lambda: 2 * layers * adapter,
        "adapter-p": lambda: layers * adapter,
        "adapter-l": lambda: layers * adapter + 2 * layers * d,
        "adapter-d": lambda: (layers - dropped) * adapter,
    }[method]()


row = re.compile(r'  - \{table: (\w+), row: "?(.*?)"?, model: ([\w-]+), words: "(.*?)"')
with open("experiments/paper/counts.yaml") as f, open("tests/golden/counts/counts.tsv", "w") as out:
    for m in filter(None, map(row.match, f)):
        table, name, model, words = m.groups()
        keys = dict(w.split("=") for w in words.split())
        n = sum(count(method, keys, model) for method in keys["method"].split("+"))
        print(table, name, model, words, n, sep="\t", file=out)
