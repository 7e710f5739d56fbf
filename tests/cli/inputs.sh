#!/bin/sh
# Settings out of range are refused in one line with status 2 wherever they are written, vocabularies
# that contradict themselves with status 3, and texts that are cut or shared between splits are told.
. "$(dirname "$0")/sweep_lib.sh"
words="model=$T/model task=$T/toy.yaml"
# refuse STATUS TEXT COMMAND... - one line with TEXT, and nothing is stored
refuse() {
    want=$1 text=$2
    shift 2
    "$L" "$@" --home "$T/no" >"$T/out" 2>"$T/log" </dev/null
    rc=$?
    [ $rc = "$want" ] || die "$*: status $rc: $(cat "$T/log")"
    grep -q -- "$text" "$T/log" || die "$*: no '$text' in: $(cat "$T/log")"
    [ "$(wc -l <"$T/log")" = 1 ] || die "$*: more than a line: $(cat "$T/log")"
    [ ! -e "$T/no/lowrank.db" ] || die "$*: a database appeared"
}
# yaml KEY VALUE - two studies with the setting under 'base' or as an axis
yaml() {
    base="model: $T/model, task: $T/toy.yaml"
    echo "{study: bad, base: {$base, $1: $2}}" >"$T/bad_base.yaml"
    echo "{study: bad, base: {$base}, axes: {$1: [$2]}}" >"$T/bad_axes.yaml"
}
n=0
while read -r key values; do
    for value in $values; do
        n=$((n + 1))
        refuse 2 "'$key'" run $words steps=1 "$key=$value"
        [ "$key" = seed ] || {
            yaml "$key" "$value"
            refuse 2 "'$key'" plan "$T/bad_base.yaml"
            refuse 2 "'$key'" plan "$T/bad_axes.yaml"
        }
    done
done <<'END'
rank 0 -1 1.5 99
alpha 0 -1 nan inf 1e400
seed -1 9007199254740993 9223372036854775807 1e3 18446744073709551616
order_seed -2 9007199254740993
init_seed -2 9007199254740993
batch 0 -1 1e2
accumulate 0
epochs 0
steps -1
hidden_dropout -0.5 -1.5 1.0 0.9999 nan -0.0001
attn_dropout -0.5 1
classifier_dropout -0.5 1
lora_dropout -0.5 1.0 nan
lr -1 nan inf 1e400 1e-4abc
weight_decay -1 nan
beta1 1 -0.1
beta2 1 nan
eps 0 nan
clip -1 inf
warmup -1 nan
pool_scale 0 -1
train_n -1 9007199254740993
END
[ $n -ge 50 ] || die "only $n values"
sed 's/^seeds: 2/seeds: [1, 9007199254740993]/' "$T/study.yaml" >"$T/bad.yaml"
refuse 2 'bad.yaml:4:12.*9007199254740992' plan "$T/bad.yaml"
"$L" run $words steps=1 seed=9007199254740992 --home "$T/big" >"$T/out" 2>"$T/log" ||
    die "2^53: $(cat "$T/log")"
[ "$(count "$T/big" "SELECT seed FROM run")" = 9007199254740992 ] || die "2^53 is not stored"

# vocabulary EDIT - a copy of the model with tokenizer.json, changed by a line of Python
vocabulary() {
    rm -rf "$T/v"
    cp -r "$T/model" "$T/v"
    python3 - "$T/v" "$1" <<'PY' || die "python"
import json, os, sys
d = sys.argv[1]
words = open(d + "/vocab.txt").read().split("\n")[:-1]
v = {w: i for i, w in enumerate(words)}
def special(t): return {"SpecialToken": {"id": t, "type_id": 0}}
ids = {t: {"id": t, "ids": [v[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}
text = {"Sequence": {"id": "A", "type_id": 0}}
other = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
single = [special("[CLS]"), text, special("[SEP]")]
added = []
exec(sys.argv[2])
json.dump({"added_tokens": added, "normalizer": {"type": "BertNormalizer"},
           "pre_tokenizer": {"type": "BertPreTokenizer"},
           "post_processor": {"type": "TemplateProcessing", "single": single,
                              "pair": single + other, "special_tokens": ids},
           "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": v}},
          open(d + "/tokenizer.json", "w"))
os.remove(d + "/vocab.txt")
PY
}
vocabulary pass
echo "red w01" | "$L" logits "$T/v" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
echo "red w01" | "$L" logits "$T/model" >"$T/want" 2>"$T/log"
cmp -s "$T/out" "$T/want" || die "tokenizer.json gives other values than vocab.txt"
while IFS='|' read -r edit text; do
    vocabulary "$edit"
    refuse 3 "$text" logits "$T/v"
done <<'END'
v["w39"] = v["red"]|two pieces have the id 5
v["w39"] = -1|whole number from 0
v["w39"] = 2 ** 53|whole number from 0
v["w39"] = 1.5|whole number from 0
v["w39"] = v["w39"] + 1|the model only 57
del v["[UNK]"]|no \[UNK\]
ids["[CLS]"]["ids"] = [999]|gives '\[CLS\]' another id than the vocabulary, 2
ids["[SEP]"]["ids"] = [2]|gives '\[SEP\]' another id than the vocabulary, 3
added += [{"id": 3, "content": "new"}]|has the id 3
END
cp -r "$T/model" "$T/twice"
sed '7s/.*/red/' "$T/model/vocab.txt" >"$T/twice/vocab.txt"
echo "red w01" | "$L" logits "$T/twice" 2>&1 >"$T/out" |
    grep -q "1 of 57 lines repeats a piece" || die "a repeated line is not told"

# Each command that reads the data tells, for each split, how many examples are cut or shared.
{ cat "$T/data/toy/train.tsv"; sed -n '2,4p' "$T/data/toy/dev.tsv"; } >"$T/more"
mv "$T/more" "$T/data/toy/train.tsv"
sed -n 2p "$T/data/toy/test.tsv" >>"$T/data/toy/train.tsv"
shared() {
    LC_ALL=C awk 'FNR == 1 { file++; next } file == 1 { seen[$0] = 1 } file == 2 { n += $0 in seen }
        END { print n + 0 }' "$T/data/toy/train.tsv" "$T/data/toy/$1.tsv"
}
cut() { awk -F '\t' 'NR > 1 && split($1, w, " ") > 6 { n++ } END { print n + 0 }' "$1"; }
for command in "run $words epochs=1" "plan $T/study.yaml epochs=1" \
    "sweep $T/study.yaml rank=1 epochs=1 --seeds 1 --no-calibrate"; do
    "$L" $command max_len=8 --home "$T/tell" >"$T/out" 2>"$T/log" || die "$command: $(cat "$T/log")"
    for split in dev test; do
        line="$(shared $split) of $(($(wc -l <"$T/data/toy/$split.tsv") - 1)) $split examples"
        [ "$(grep -c "$line are in its training data too" "$T/log")" = 1 ] ||
            die "$command: no '$line' in: $(cat "$T/log")"
    done
    for split in train dev test; do
        file="$T/data/toy/$split.tsv"
        line="$(cut "$file") of $(($(wc -l <"$file") - 1)) examples truncated to 8 tokens"
        [ "$(grep -c "$split.tsv: $line" "$T/log")" = 1 ] ||
            die "$command: no '$split: $line' in: $(cat "$T/log")"
    done
done
exit 0
