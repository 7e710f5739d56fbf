#!/bin/sh
# Whatever goes wrong is reported with its exit status, and the rest of the sweep continues.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

expect 2 "did you mean 'lr'" "$L" sweep "$S" learning_rate=1 --home "$T/h"
expect 2 "16 x 16\|32 x 32" "$L" sweep "$S" rank=64 --home "$T/h"
expect 2 "must be made of" "$L" sweep "$S" targets=q,x --home "$T/h"
expect 2 "cannot open '/" "$L" sweep nowhere.yaml --home "$T/h"
expect 2 "unknown recipe" "$L" sweep nowhere --home "$T/h"
expect 2 "is a folder" "$L" sweep ./ --home "$T/h"
expect 3 "cannot open" "$L" sweep "$S" model=./nowhere --home "$T/h"
expect 2 "unknown task" "$L" sweep "$S" task=nothing --home "$T/h"
expect 3 "LOWRANK_DATA" env LOWRANK_DATA= "$L" sweep "$S" --home "$T/h"
expect 3 "nowhere' (--data) does not exist" "$L" sweep "$S" --data ./nowhere --home "$T/h"
expect 2 "'max_len' is 2, but a text needs 3" "$L" sweep "$S" max_len=2 --home "$T/h"
for line in "table: rnk" "figure: rnk" "study: [a]" "metric: acuracy" "nuisance: {rank: [2]}"; do
    { [ "$line" = "study: [a]" ] || echo "study: toy"; sed 1d "$S"; echo "$line"; } >"$T/typo.yaml"
    expect 2 "typo.yaml:[1-9]" "$L" plan "$T/typo.yaml" --home "$T/h"
done
expect 0 "'top_layers': without effect" "$L" plan "$S" top_layers=1 --no-calibrate --home "$T/h"
mkdir -p "$T/m/models"
cp -r "$T/model" "$T/m/models/minilm"
expect 3 "has SHA-256 [0-9a-f]*, not [0-9a-f]* as the card of model 'minilm' says" \
    "$L" run "$S" model=minilm --home "$T/m"
mkfifo "$T/pipe.yaml"
expect 2 "not a regular file" "$L" plan "$T/pipe.yaml" --home "$T/h"
[ ! -e "$T/h/lowrank.db" ] || die "a store was made although nothing ran"

# Some runs diverge, the others continue.
sed 's/seeds: 2/seeds: 1\nnuisance: {lr: [5e-3, 1e10]}/; s/lr: 5e-3, //' "$S" >"$T/bad.yaml"
expect 1 "3 done, 3 diverged" "$L" sweep "$T/bad.yaml" --home "$T/d" -j 2
expect 1 "3 diverged" "$L" sweep "$T/bad.yaml" --home "$T/d" -j 2
expect 1 "3 of 6 runs diverged, 0 failed" "$L" sweep "$T/bad.yaml" --home "$T/d" -q
expect 0 "'train_n' is 999, but .* has only 160 examples" \
    "$L" run "$S" rank=1 steps=1 train_n=999 --home "$T/y"

# --limit, then the rest.
expect 0 "2 done, 0 diverged, 0 failed, 4 left" "$L" sweep "$S" --limit 2 --home "$T/l" -j 2
expect 0 "all 6 runs done" "$L" sweep "$S" --home "$T/l" -j 2

# lr = 0: no parameter changes.
expect 0 "done in" "$L" run "$S" lr=0 rank=2 weight_decay=0 --home "$T/z"
n=$(count "$T/z" "SELECT count(DISTINCT value) FROM curves WHERE split = 'dev' AND metric = 'loss'")
[ "$n" = 1 ] || die "with lr = 0 the dev loss has $n values"

# An adapter on weights other than those it was trained on.
key=$(count "$T/y" "SELECT substr(run_key, 1, 8) FROM run WHERE state = 'done' LIMIT 1")
cp -r "$T/model" "$T/model2"
printf 'w' | dd of="$T/model2/model.safetensors" bs=1 seek=60000 conv=notrunc 2>"$T/log"
expect 0 "was trained on other weights" "$L" logits "$T/model2" --adapter "$key" --home "$T/y"
[ ! -s "$T/out" ] || die "logits of nothing"

# A file that reaches its size limit is a failed write, not the end of the process.
(
    ulimit -f 40
    expect 4 "cannot read or write '.*lowrank.db'" "$L" sweep "$S" --home "$T/f"
) || exit 1
expect 0 "all 6 runs done" "$L" sweep "$S" --home "$T/f"

# Other content makes other runs; a damaged cache is no obstacle.
echo '{"half' >"$T/l/cache/sha256.json"
expect 0 "all 6 runs done" "$L" sweep "$S" --home "$T/l"
printf 'w01 red\tc0\n' >>"$T/data/toy/train.tsv"
"$L" plan "$S" --home "$T/l" --no-calibrate >"$T/out" || die "plan"
grep -q '6 new' "$T/out" || die "changed data are not noticed: $(cat "$T/out")"
printf 'caf\351\tc0\n' >>"$T/data/toy/train.tsv"
expect 3 "train.tsv:163: byte 0xe9 is not UTF-8" "$L" run "$S" --home "$T/u"
exit 0
