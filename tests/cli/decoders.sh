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
    # The token that generate appends first is the one that logits calls the most probable, and the
    # score of that text is its log-probability, which logits has as well when it reads both.
    "$L" logits "$T/$kind" --adapter "$T/$kind/adapter" --format json <"$T/text" >"$T/p" ||
        die "$kind: logits"
    "$L" generate "$T/$kind" --adapter "$T/$kind/adapter" --max-new 1 --end none <"$T/text" \
        >"$T/g" 2>"$T/out" || die "$kind: generate: $(cat "$T/out")"
    python3 - "$T" <<'PY' || die "$kind: logits"
import json, sys
top = sys.argv[1]
p, g = ([json.loads(line) for line in open(top + "/" + x)] for x in "pg")
assert len(p) == len(g) == 2
for a, b in zip(p, g):
    assert [a["next"]] == b["ids"], (a, b)
    assert abs(a["next_logprob"] - b["score"]) < 1e-5, (a, b)
    known = a["logprobs"][1:]
    assert a["logprobs"][0] is None and len(known) == len(a["ids"]) - 1
    assert abs(sum(known) + a["loss"] * len(known)) < 1e-4 * abs(sum(known))
PY
    "$L" logits "$T/$kind" --format csv <"$T/text" | head -n 1 | grep -qx 'line,token,id,logprob' ||
        die "$kind: csv"
    fails 2 "'--pair' is for encoders" logits "$T/$kind" --pair
    fails 2 "'--pooling' is for encoders" logits "$T/$kind" --pooling cls
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
