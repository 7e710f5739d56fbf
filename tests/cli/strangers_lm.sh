#!/bin/sh
# transformers and PEFT read what lowrank writes of a decoder, and lowrank what these write:
# adapters and merged models, from text, with the tokenizer in vocab.json and merges.txt or in
# tokenizer.json.
# PY names the Python that has them.
set -u
L=${LOWRANK:?}
PY=${PY:-python3}
export PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1
export LC_ALL=C.UTF-8
"$PY" -c 'from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ["torch", "transformers", "peft"])))' 2>/dev/null || {
    echo "no Python with torch, transformers and peft"
    exit 77
}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export LOWRANK_HOME="$T/home"
die() {
    echo "$*"
    exit 1
}
mkdir -p "$T/data/toy"
awk 'BEGIN { print "a\tb"; for (i = 0; i < 24; i++) print "rank = " i % 8 ", alpha of " i % 3 \
    "\tthe adapter'"'"'s rank is " i % 8 (i % 2 ? " caf\303\251" : "") }' >"$T/data/toy/train.tsv"
cat >"$T/toy.yaml" <<END
task: toy
dir: toy
kind: generation
format: tsv
header: true
prompt: "{a}:"
target: " {b}"
splits: {train: train.tsv, dev: train.tsv}
metrics: [token_loss]
max_len: 64
END
"$PY" tests/cli/strangers_lm.py make "$T" || die "the models"
for kind in gpt2 llama; do
    "$L" merge "$T/$kind" "$T/$kind.peft" "$T/$kind.peft.merged" >"$T/out" 2>&1 ||
        die "$kind: merge of PEFT's adapter: $(cat "$T/out")"
    for method in lora rslora dora; do
        what=$kind.$method
        targets=qkv,down
        [ $kind = gpt2 ] || targets=q,k,v,gate,down
        "$L" run model="$T/$kind" task="$T/toy.yaml" --data "$T/data" method=$method epochs=3 \
            targets=$targets batch=8 lr=2e-2 precision=f32 --format json -q >"$T/$what.json" \
            2>"$T/out" ||
            die "$what: exit $?: $(cat "$T/out")"
        rm -rf "${T:?}/$what"
        mv "$T"/home/adapters/*/last "$T/$what" || die "$what: no adapter"
        rm -rf "$T"/home/adapters/*
        "$L" merge "$T/$kind" "$T/$what" "$T/$what.merged" >"$T/out" 2>&1 ||
            die "$what: merge: $(cat "$T/out")"
    done
done
"$PY" tests/cli/strangers_lm.py check "$T" "$T/data/toy/train.tsv"
