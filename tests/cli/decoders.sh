#!/bin/sh
# Decoders as folders: a tokenizer in vocab.json and merges.txt, there and back, and merging, which
# takes it along.
set -u
L=${LOWRANK:?}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export LOWRANK_HOME="$T/home" LC_ALL=C
die() {
    echo "$*"
    exit 1
}
# fails STATUS TEXT ARGUMENT... - the command is refused with this status and one line with TEXT.
fails() {
    status=$1 text=$2
    shift 2
    "$L" "$@" </dev/null >"$T/out" 2>&1
    got=$?
    [ $got = "$status" ] || die "lowrank $*: status $got, not $status: $(cat "$T/out")"
    [ "$(wc -l <"$T/out")" = 1 ] || die "lowrank $*: not one line: $(cat "$T/out")"
    grep -qF -- "$text" "$T/out" || die "lowrank $*: no '$text' in: $(cat "$T/out")"
}
# The printable characters of ASCII, a space, and two merges: 98 of the models' 101 tokens.
awk 'BEGIN { printf "{\"\304\240\":0"; for (i = 33; i < 127; i++) printf ",\"%s%c\":%d",
    i == 34 || i == 92 ? "\\" : "", i, i - 32
    printf ",\"th\":95,\"the\":96,\"<|endoftext|>\":97}" }' >"$T/vocab.json"
printf '#version: 0.2\nt h\nth e\n' >"$T/merges.txt"
for kind in gpt2 llama; do
    cp -r tests/golden/$kind "$T/$kind"
    cp "$T/vocab.json" "$T/merges.txt" "$T/$kind"
    [ $kind = gpt2 ] || {
        fails 3 "model_type is 'llama'; with vocab.json" tokenize "$T/$kind"
        echo '{"tokenizer_class": "GPT2Tokenizer"}' >"$T/$kind/tokenizer_config.json"
    }
    printf 'the rank, then <|endoftext|>\n8 "="\n' >"$T/text"
    "$L" tokenize "$T/$kind" <"$T/text" >"$T/ids" || die "$kind: tokenize"
    grep -q '"ids": \[96, 0, 82,' "$T/ids" || die "$kind: $(cat "$T/ids")"
    "$L" tokenize "$T/$kind" --decode <"$T/ids" | cmp -s - "$T/text" || die "$kind: decoding"
    "$L" tokenize "$T/$kind" --decode --skip-special <"$T/ids" >"$T/out" || die "$kind: skip"
    [ "$(head -n 1 "$T/out")" = 'the rank, then ' ] || die "$kind: $(cat "$T/out")"
    "$L" merge "$T/$kind" "$T/$kind/adapter" "$T/$kind.merged" >"$T/out" 2>&1 ||
        die "$kind: merge: $(cat "$T/out")"
    "$L" tokenize "$T/$kind.merged" <"$T/text" | cmp -s - "$T/ids" || die "$kind: merged tokenizer"
    [ ! -e "$T/$kind.merged/1_Pooling" ] || die "$kind: a decoder pools nothing"
    fails 2 "already contains a model" merge "$T/$kind" "$T/$kind/adapter" "$T/$kind.merged"
    fails 3 "is a decoder ($kind)" logits "$T/$kind"
done
printf '5 98\n' | "$L" tokenize "$T/gpt2" --decode >"$T/out" 2>&1 && die "an id beyond the last"
grep -q 'there is no token 98; ids are from 0 to 97' "$T/out" || die "$(cat "$T/out")"
fails 2 "it does not go with --pair" tokenize "$T/gpt2" --decode --pair
printf '{"a":101,"b":102,"c":103,"d":104}' >"$T/gpt2/added_tokens.json"
fails 3 "token 'a' has the id 101, but in" tokenize "$T/gpt2"
printf '{"x1":98,"x2":99,"x3":100,"x4":101}' >"$T/gpt2/added_tokens.json"
fails 3 "the tokenizer has 102 pieces, but the model only 101" \
    merge "$T/gpt2" "$T/gpt2/adapter" "$T/other"
rm "$T/gpt2/merges.txt"
fails 3 "merges.txt" tokenize "$T/gpt2"
exit 0
