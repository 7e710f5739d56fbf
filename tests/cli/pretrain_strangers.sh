#!/bin/sh
# transformers loads the folder that 'lowrank pretrain' writes, and finds the same bits per byte on the
# held-out documents with its own tokenizer and model. PY names the Python that has it.
set -u
L=${LOWRANK:?}
PY=${PY:-python3}
export PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1
export LC_ALL=C.UTF-8
"$PY" -c 'from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ["torch", "transformers"])))' 2>/dev/null || {
    echo "no Python with torch and transformers"
    exit 77
}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export LOWRANK_HOME="$T/home"
cp tests/golden/bpe_train/text.txt "$T/text.txt"
"$L" pretrain "$T/text.txt" "$T/m" --vocab=500 --layers=3 --width=48 --heads=3 --context=40 --batch=8 \
    --epochs=3 --lr=0.003 --held-out=0.1 --format=csv >"$T/out" 2>"$T/log" || {
    cat "$T/log"
    exit 1
}
"$PY" - "$T" <<'END'
import csv
import json
import math
import re
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = sys.argv[1]
held = set(json.load(open(f"{folder}/m/pretrained.json"))["held_out"])
documents = re.split(r"\n{2,}", open(f"{folder}/text.txt", encoding="utf-8").read().strip("\n"))
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/m")
model = AutoModelForCausalLM.from_pretrained(f"{folder}/m").eval()
ids, n_bytes = [], 0
for i, document in enumerate(documents, 1):
    if i in held:
        ids += [tokenizer.eos_token_id, *tokenizer(document)["input_ids"]]
        n_bytes += len(document.encode())
ids.append(tokenizer.eos_token_id)
nats = 0.0
with torch.no_grad():
    for at in range(0, len(ids) - 1, 39):
        window = torch.tensor([ids[at : at + 40]])
        nats += model(window, labels=window).loss.item() * (window.shape[1] - 1)
theirs = nats / n_bytes / math.log(2)
ours = next(float(r["value"]) for r in csv.DictReader(open(f"{folder}/out"))
            if r["which"] == "last" and r["metric"] == "bits_per_byte")
print(f"bits per byte on {len(held)} documents, {len(ids)} tokens: lowrank {ours:.6f}, transformers {theirs:.6f}")
if not (abs(ours - theirs) < 1e-5 * theirs and theirs < 4):
    sys.exit("they differ")
END
