#!/bin/sh
# "convert": a file of loralib becomes an adapter folder that computes what PEFT's folder of the same
# values computes, as PyTorch recorded it; files that are something else are refused with one line.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
top=$(dirname "$0")/../..
L=${LOWRANK:-$top/build/lowrank}
G=$top/tests/golden
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
die() { echo "FAIL: $*"; exit 1; }
# fails STATUS TEXT WORD... - "convert WORD..." ends so, with one line, and leaves no folder
fails() {
    want=$1 text=$2
    shift 2
    "$L" convert "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = "$want" ] || die "$*: status $rc: $(cat "$T/log")"
    grep -q -- "$text" "$T/log" || die "$*: no '$text' in: $(cat "$T/log")"
    [ "$(wc -l <"$T/log")" = 1 ] || die "$*: not one line: $(cat "$T/log")"
    [ ! -e "$T/bad" ] || die "$*: a folder appeared"
}

"$L" convert "$G/loralib/adapter.bin" "$T/adapter" --alpha 6 >"$T/out" || die "convert"
# parity of hidden states, logits, gradients and training steps with what PEFT and PyTorch computed
parity() {
    "$L" parity "$G/encoders/roberta" "$G/encoders/roberta/expected.safetensors" --adapter "$1" \
        >"$T/out" 2>&1
}
parity "$T/adapter" || die "not what PEFT computes: $(cat "$T/out")"
grep -q logits_lora "$T/out" || die "the adapter's logits were not compared"
"$L" convert "$G/loralib/adapter.bin" "$T/other" --alpha 7 >"$T/out" || die "alpha 7"
parity "$T/other" && die "alpha 7 and alpha 6 compute the same"

fails 2 "does not hold alpha" "$G/loralib/adapter.bin" "$T/bad"
fails 2 "alpha' must be" "$G/loralib/adapter.bin" "$T/bad" --alpha -1
fails 3 "cannot open" "$T/none.bin" "$T/bad" --alpha 6
fails 3 "neither a lora_A or lora_B nor" "$G/encoders/roberta/model.safetensors" "$T/bad" --alpha 6
fails 2 "already has an adapter" "$G/loralib/adapter.bin" "$T/adapter" --alpha 6

# Names and shapes, in a safetensors file of zeros.
tensors() { # NAME:ROWS,COLUMNS...
    python3 - "$T/x.safetensors" "$@" <<'PY'
import json, sys
head, at = {}, 0
for word in sys.argv[2:]:
    name, shape = word.split(":")
    shape = [int(n) for n in shape.split(",")]
    size = 4 * shape[0] * shape[1]
    head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
    at += size
text = json.dumps(head).encode()
with open(sys.argv[1], "wb") as f:
    f.write(len(text).to_bytes(8, "little") + text + bytes(at))
PY
}
tensors a.lora_A:2,8
fails 3 "but no 'a.lora_B'" "$T/x.safetensors" "$T/bad" --alpha 6
tensors a.lora_B:8,2
fails 3 "but no 'a.lora_A'" "$T/x.safetensors" "$T/bad" --alpha 6
tensors a.lora_A:4,8 a.lora_B:8,2
fails 3 "not matrices of one rank" "$T/x.safetensors" "$T/bad" --alpha 6
tensors a.lora_A:2,8 a.lora_B:8,2 b.lora_A:3,8 b.lora_B:8,3
fails 3 "has rank 3" "$T/x.safetensors" "$T/bad" --alpha 6
tensors classifier.weight:2,8
fails 3 "no tensor '....lora_A'" "$T/x.safetensors" "$T/bad" --alpha 6

# The adapter that the paper's authors released, where it is.
released=$top/../shared/data/adapters/roberta_base_lora_mnli.bin
[ -r "$released" ] || { echo "the released adapter is not here"; exit 77; }
"$L" convert "$released" "$T/mnli" --alpha 16 >"$T/out" || die "the released adapter"
grep -q '"r": 8' "$T/mnli/adapter_config.json" || die "not of rank 8"
[ "$(grep -c 'attention.self' "$T/mnli/adapter_config.json")" = 24 ] || die "not 24 matrices"
grep -q '"n_labels": 3' "$T/mnli/lowrank_adapter.json" || die "not three labels"
