#!/bin/sh
# A model and an adapter in every kind of file: 'lowrank params FILE' lists their tensors, 'logits'
# computes the same, 'merge' writes a plain folder, and runs know them by the content of all files.
set -u
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
L=${LOWRANK:?}
export LOWRANK_HOME="$T/home"
G=tests/golden/weights
die() { echo "$*"; exit 1; }
# fails STATUS TEXT ARGS... - the command fails with this status and one line that has the text
fails() {
    status=$1
    text=$2
    shift 2
    echo a | "$L" "$@" >"$T/out" 2>"$T/err"
    rc=$?
    [ $rc = "$status" ] || die "$*: exit $rc, not $status: $(cat "$T/err")"
    grep -q -- "$text" "$T/err" || die "$*: $(cat "$T/err")"
    [ "$(wc -l <"$T/err")" = 1 ] || die "$*: more than one line: $(cat "$T/err")"
}

# The lists of tensors do not depend on the kind of file.
"$L" params $G/single/model.safetensors --format csv | sort >"$T/single" || die "single"
grep -q '^bert.pooler.dense.weight,8 x 8,F32,64$' "$T/single" || die "$(cat "$T/single")"
for f in sharded/model.safetensors.index.json bin/pytorch_model.bin \
    bin_sharded/pytorch_model.bin.index.json; do
    "$L" params "$G/$f" --format csv | cut -d, -f1-4 | sort >"$T/list" || die "$f"
    cmp "$T/single" "$T/list" || die "$f: $(diff "$T/single" "$T/list")"
done
"$L" params $G/view.bin | grep -q '^all 18 tensors .* 113' || die "$("$L" params $G/view.bin)"
fails 2 "is a file, whose tensors are listed" params $G/view.bin rank=4
fails 3 "before PyTorch 1.6" params $G/legacy.bin
fails 3 "'model' \|'epoch'" params $G/training.bin
file=${LOWRANK_SHARED:-../shared}/data/adapters/roberta_base_lora_mnli.bin
if [ -e "$file" ]; then # shapes as Hu et al. published them
    "$L" params "$file" >"$T/list" || die "the published adapter"
    grep -q '^all 52 tensors .* 887811' "$T/list" || die "$(tail -n 2 "$T/list")"
    [ "$(grep -c 'lora_A *8 x 768 *F32 *6144' "$T/list")" = 24 ] || die "$(cat "$T/list")"
fi

# The logits do not, either.
logits() {
    printf 'the good cat\nit is not very bad .\n' | "$L" logits "$@" --format json 2>"$T/err" ||
        die "logits $*: $(cat "$T/err")"
}
logits $G/single >"$T/want"
for d in sharded bin bin_sharded old types; do
    logits $G/$d >"$T/have"
    cmp "$T/want" "$T/have" || die "$d: $(cat "$T/want" "$T/have")"
done
logits $G/single --adapter $G/adapter >"$T/adapted"
cmp -s "$T/want" "$T/adapted" && die "the adapter does nothing"
logits $G/bin --adapter $G/adapter_bin >"$T/have"
cmp "$T/adapted" "$T/have" || die "adapter_bin: $(cat "$T/adapted" "$T/have")"

# Merging gives a folder with one safetensors file, whatever the base model is kept in.
"$L" merge $G/single $G/adapter "$T/merged" >"$T/out" 2>"$T/err" || die "merge: $(cat "$T/err")"
for d in sharded bin; do
    "$L" merge $G/$d $G/adapter_bin "$T/merged_$d" >"$T/out" 2>"$T/err" ||
        die "merge $d: $(cat "$T/err")"
    ls "$T/merged_$d" | grep -q 'index\|\.bin$' && die "$(ls "$T/merged_$d")"
    cmp "$T/merged/model.safetensors" "$T/merged_$d/model.safetensors" || die "merged $d"
done
cp -r $G/bin "$T/copy"
fails 2 "already contains a model" merge $G/single $G/adapter "$T/copy"

# A run reads shards. Every file is part of its key, and one that is missing is named.
mkdir "$T/data"
printf 'text\tlabel\nthe good cat\t0\na bad dog\t1\nit is not\t2\nthe mat\t0\n' >"$T/data/t.tsv"
cat >"$T/toy.yaml" <<END
task: toy
kind: classification
format: tsv
header: true
dir: .
columns: {text: text, label: label}
labels: ["0", "1", "2"]
splits: {train: t.tsv, dev: t.tsv}
metrics: [accuracy]
max_len: 12
END
cp -r $G/sharded "$T/model"
key() {
    "$L" run "model=$T/$1" task="$T/toy.yaml" --data "$T/data" method=lora rank=2 steps=2 batch=2 \
        >"$T/out" 2>"$T/err" || die "run $1: $(cat "$T/err")"
    "$L" query "SELECT run_key FROM run ORDER BY rowid DESC LIMIT 1" --format csv | tail -n 1
}
a=$(key model) || die "$a"
sed -i 's/"total_size": /&1/' "$T/model/model.safetensors.index.json"
b=$(key model) || die "$b"
[ "$a" != "$b" ] || die "another index gives the same key"
mv "$T/model/model-00002-of-00003.safetensors" "$T/away"
fails 3 "model-00002-of-00003.safetensors" logits "$T/model"

# A folder with a GGUF file is a model, under its path or its name; nothing that needs config.json
# makes half a model of it.
Q=tests/golden/gguf
"$L" parity $Q/types/Q8_0 $Q/expected.safetensors >"$T/out" || die "parity: $(cat "$T/out")"
mkdir -p "$LOWRANK_HOME/models"
cp -r $Q/types/Q8_0 "$LOWRANK_HOME/models/gg"
"$L" parity gg $Q/train.safetensors >"$T/out" || die "parity by name: $(cat "$T/out")"
"$L" params gg rank=2 targets=q,v >"$T/out" || die "params: $(cat "$T/out")"
"$L" params $Q/types/Q4_1/model.gguf --format csv >"$T/out" || die "the list of tensors"
grep -q '^blk.0.attn_k.weight,16 x 32,Q4_1,512$' "$T/out" || die "$(cat "$T/out")"
fails 3 "is a GGUF file; truncation needs" parity gg@r4 $Q/expected.safetensors
[ ! -e "$LOWRANK_HOME/models/gg@r4" ] || die "half a truncated model"
fails 3 "is a GGUF file; merging needs" merge gg $Q/adapter "$T/merged"
exit 0
