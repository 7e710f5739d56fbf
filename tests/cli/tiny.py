#!/usr/bin/env python3
"""tiny.py DIR [D] - for scripts that train: a random BERT of 2 layers and width D (32), a task on words
that it can learn, and a study."""
import json, os, random, struct, sys

out = sys.argv[1]
rng = random.Random(1)
D, L, P = int(sys.argv[2]) if len(sys.argv) > 2 else 32, 2, 40
F = 2 * D
cues = [["red", "blue", "green", "pink"], ["cat", "dog", "cow", "hen"],
        ["run", "jump", "swim", "fly"]]
noise = ["w%02d" % i for i in range(40)]
vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + sum(cues, []) + noise

model = os.path.join(out, "model")
data = os.path.join(out, "data", "toy")
os.makedirs(model, exist_ok=True)
os.makedirs(data, exist_ok=True)
json.dump({"model_type": "bert", "num_hidden_layers": L, "hidden_size": D, "num_attention_heads": 4,
           "intermediate_size": F, "vocab_size": len(vocab), "max_position_embeddings": P,
           "type_vocab_size": 2, "pad_token_id": 0, "layer_norm_eps": 1e-12,
           "initializer_range": 0.2, "hidden_act": "gelu",
           "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1},
          open(os.path.join(model, "config.json"), "w"))
open(os.path.join(model, "vocab.txt"), "w").write("\n".join(vocab) + "\n")

tensors = [("embeddings.word_embeddings.weight", [len(vocab), D]),
           ("embeddings.position_embeddings.weight", [P, D]),
           ("embeddings.token_type_embeddings.weight", [2, D]),
           ("embeddings.LayerNorm.weight", [D]), ("embeddings.LayerNorm.bias", [D])]
for i in range(L):
    at = "encoder.layer.%d." % i
    for name, shape in [("attention.self.query", [D, D]), ("attention.self.key", [D, D]),
                        ("attention.self.value", [D, D]), ("attention.output.dense", [D, D]),
                        ("intermediate.dense", [F, D]), ("output.dense", [D, F])]:
        tensors += [(at + name + ".weight", shape), (at + name + ".bias", shape[:1])]
    for name in ["attention.output.LayerNorm", "output.LayerNorm"]:
        tensors += [(at + name + ".weight", [D]), (at + name + ".bias", [D])]
tensors += [("pooler.dense.weight", [D, D]), ("pooler.dense.bias", [D])]
header, body = {}, b""
for name, shape in tensors:
    n = 1
    for s in shape:
        n *= s
    one = 1.0 if name.endswith("LayerNorm.weight") else 0.0
    some = min(n, 10007)  # the values of a large tensor repeat
    raw = struct.pack("<%df" % some, *[one + 0.2 * rng.gauss(0, 1) for _ in range(some)])
    raw = (raw * (n // some + 1))[:4 * n]
    header[name] = {"dtype": "F32", "shape": shape,
                    "data_offsets": [len(body), len(body) + len(raw)]}
    body += raw
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(model, "model.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + body)

for split, n in [("train", 160), ("dev", 60), ("test", 40)]:
    with open(os.path.join(data, split + ".tsv"), "w") as f:
        f.write("text\tlabel\n")
        for _ in range(n):
            c = rng.randrange(3)
            words = [rng.choice(noise) for _ in range(rng.randrange(3, 14))]
            words.insert(rng.randrange(len(words) + 1), rng.choice(cues[c]))
            f.write("%s\tc%d\n" % (" ".join(words), c))
open(os.path.join(out, "toy.yaml"), "w").write(
    "task: toy\nkind: classification\ndir: toy\nformat: tsv\nheader: true\n"
    "columns: {text: text, label: label}\nlabels: [c0, c1, c2]\n"
    "splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}\nmetrics: [accuracy]\nmax_len: 32\n")
open(os.path.join(out, "study.yaml"), "w").write(
    "study: toy\nbase: {model: %s, task: %s, lr: 5e-3, batch: 8, epochs: 15, targets: [q, v]}\n"
    "axes: {rank: [1, 4, 8]}\nseeds: 2\n" %
    (os.path.abspath(model), os.path.abspath(os.path.join(out, "toy.yaml"))))
