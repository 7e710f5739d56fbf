#!/bin/sh
# Ranks and alphas that differ between layers and matrices, from a recipe to counts, adapters, merged
# models, and the axis of a study; the maximum length of an adapter, and folders without a record.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
no() {
    echo "$*"
    bad=1
}
. tests/cli/tiny_model.inc
export LC_ALL=C LOWRANK_HOME="$tmp/home"
tiny_model "$tmp/bert"
mkdir -p "$tmp/data/toy"
awk 'BEGIN { for (i = 0; i < 16; i++) print (i % 2 ? "hello world" : "low rank , low") "\t" i % 2 }' \
    >"$tmp/data/toy/train.tsv"
cat >"$tmp/toy.yaml" <<END
task: toy
dir: toy
format: tsv
header: false
splits: {train: train.tsv, dev: train.tsv}
max_len: 8
kind: classification
columns: {text: "1", label: "2"}
labels: ["0", "1"]
metrics: [accuracy]
END
common="model=$tmp/bert task=$tmp/toy.yaml epochs=1 batch=8 lr=1e-2 pooling=mean"
pattern='rank=4 targets=q,v rank_pattern=v:3,1.q:2,0.v:0 alpha_pattern=1.v:5'
# run NAME METHOD WORD... - train one run; its adapter becomes the folder NAME
run() {
    name=$1 method=$2
    shift 2
    rm -rf "$tmp/home/adapters"
    "$L" run $common method=$method "$@" --data "$tmp/data" -q >"$tmp/out" 2>&1 ||
        no "$name: exit $?: $(cat "$tmp/out")"
    cp -r "$tmp"/home/adapters/*/last "$tmp/$name"
}

# q of layer 0 has rank 4, of layer 1 rank 2, v of layer 1 rank 3; every matrix is 8 x 8.
"$L" params "$tmp/bert" method=lora $pattern --format json 2>"$tmp/err" | tr -d ' \n' \
    >"$tmp/params" || no "params: $(cat "$tmp/err")"
grep -q "\"by_formula\":$((16 * 9)),\"counted\":$((16 * 9))," "$tmp/params" ||
    no "params: $(cat "$tmp/params")"
for method in lora rslora rsdora lora-fa lora-plus pissa; do
    run $method $method $pattern
    grep -q '"pooling": "mean"' "$tmp/$method/lowrank_adapter.json" || no "$method: no record"
    printf 'hello low world\n' | "$L" logits "$tmp/bert" --adapter "$tmp/$method" --format csv \
        >"$tmp/by_folder" 2>"$tmp/err" || no "$method: logits: $(cat "$tmp/err")"
    "$L" merge "$tmp/bert" "$tmp/$method" "$tmp/$method.merged" >"$tmp/out" 2>&1 ||
        no "$method: merge: $(cat "$tmp/out")"
done
grep -q '"encoder.layer.1.attention.self.query": 2' "$tmp/lora/adapter_config.json" &&
    ! grep -q 'layer.0.attention.self.value' "$tmp/lora/adapter_config.json" ||
    no "adapter_config.json: $(cat "$tmp/lora/adapter_config.json")"
run vera vera rank=4 adapt_layers=1
[ "$(grep -ao 'layer.[01].attention.self.[a-z]*.vera_lambda_d' "$tmp/vera/adapter_model.safetensors" |
    sort | tr '\n' ' ')" = 'layer.1.attention.self.query.vera_lambda_d layer.1.attention.self.value.vera_lambda_d ' ] ||
    no "vera: layers"

# The configuration of a run without them does not have the keys.
"$L" run $common method=lora --data "$tmp/data" -q >/dev/null 2>&1
"$L" query "SELECT config FROM run ORDER BY run_id DESC LIMIT 1" --format csv >"$tmp/config" 2>&1
grep -q pattern "$tmp/config" && no "a run without patterns records them: $(cat "$tmp/config")"

# Refused in one line.
refused() {
    want=$1
    shift
    "$L" run $common "$@" --data "$tmp/data" -q >"$tmp/out" 2>"$tmp/err"
    rc=$?
    [ $rc = 2 ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -qF "$want" "$tmp/err" ||
        no "$*: exit $rc: $(cat "$tmp/err")"
}
refused "'rank_pattern' has 'k:2', which is none of the adapted matrices" rank_pattern=k:2
refused "'rank_pattern' gives '1.q' rank 9, but it is a matrix of 8 x 8" rank_pattern=1.q:9
refused "'rank_pattern' is 'v:2', but 'vera' has one rank for all matrices" method=vera rank=2 \
    rank_pattern=v:2
refused "'rank_pattern' is 'v:2', but 'adapter-h' has one rank" method=adapter-h rank_pattern=v:2
refused "'adapt_layers' has '2', but the model has 2 layers (0 to 1)" adapt_layers=2
refused "'target_rank' is 8 for each of 4 matrices" method=adalora init_rank=8 rank_pattern=q:1

# An axis of a study: no pattern, a list, a mapping; the list and the mapping differ.
cat >"$tmp/study.yaml" <<END
study: patterns
base: {model: "$tmp/bert", task: "$tmp/toy.yaml", epochs: 1, batch: 8, rank: 4}
axes:
  rank_pattern: [none, [v:2, 1.q:1], {v: 3, 1.q: 2}]
seeds: 1
END
"$L" sweep "$tmp/study.yaml" --data "$tmp/data" -q >"$tmp/out" 2>&1 ||
    no "study: exit $?: $(cat "$tmp/out")"
"$L" query study study=patterns --format csv >"$tmp/table" 2>&1 || no "study: $(cat "$tmp/table")"
grep -q 'v:3,1.q:2' "$tmp/table" && [ "$(wc -l <"$tmp/table")" = 4 ] ||
    no "study: $(cat "$tmp/table")"

# Texts are truncated as in training when the adapter's folder says how.
yes low | head -n 12 | tr '\n' ' ' | "$L" logits "$tmp/bert" --adapter "$tmp/lora" \
    >"$tmp/long" 2>"$tmp/err"
grep -q "tokens beyond the maximum length of 8 in the adapter's folder" "$tmp/err" ||
    no "maximum length: $(cat "$tmp/err")"
echo low low low low low low | "$L" logits "$tmp/bert" --adapter "$tmp/lora" 2>/dev/null |
    cmp -s - "$tmp/long" || no "maximum length: other logits"

# A folder of ours without a record is not taken for one of PEFT's without a word.
cp -r "$tmp/lora" "$tmp/old" && rm "$tmp/old/lowrank_adapter.json"
echo low | "$L" logits "$tmp/bert" --adapter "$tmp/old" >"$tmp/out" 2>"$tmp/err"
grep -q "does not say what its classifier reads" "$tmp/err" || no "old folder: $(cat "$tmp/err")"
echo low | "$L" logits "$tmp/bert" --adapter "$tmp/old" --pooling mean >"$tmp/out" 2>"$tmp/err"
[ -s "$tmp/err" ] && no "old folder with --pooling: $(cat "$tmp/err")"
echo low | "$L" logits "$tmp/bert" --adapter "$tmp/lora" | cmp -s - "$tmp/out" ||
    no "old folder with --pooling: other logits"
exit $bad
