#!/bin/sh
# An adapter that was trained on weights in blocks (QLoRA): by key and by folder, merged, and with
# other weights.
. "$(dirname "$0")/sweep_lib.sh"
. "$here/tiny_decoder.inc"
task say train.csv 'metrics: [token_loss]'
export LOWRANK_HOME="$T/home"
train() { "$L" run "model=$D" "task=$T/say.yaml" lr=0.02 batch=8 epochs=1 "$@" 2>"$T/log" >"$T/out"; }
# probabilities ADAPTER... - of a text's tokens
probabilities() { echo 'atree no' | "$L" logits "$@" --format csv 2>"$T/log" || die "$(cat "$T/log")"; }
# close A B - the same numbers but for rounding
close() {
    paste -d , "$1" "$2" | awk -F , 'NR > 1 && ($4 - $8) ^ 2 > 1e-8 { bad = 1 } END { exit bad }'
}

for precision in nf4 q4_1 q8_0; do
    shows "$precision"
    rm -rf "$T/home"
    train precision=$precision || die "$(cat "$T/log")"
    adapter=$(ls -d "$T"/home/adapters/*)
    key=${adapter##*/} adapter=$adapter/last
    grep -q "\"base_precision\": \"$precision\"" "$adapter/lowrank_adapter.json" || die "no record"
    probabilities "$D" --adapter "$key" >"$T/key"
    probabilities "$D" --adapter "$adapter" >"$T/folder"
    cmp -s "$T/key" "$T/folder" || die "by key and by folder: $(diff "$T/key" "$T/folder")"
    "$L" merge "$D" "$adapter" "$T/merged.$precision" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
    probabilities "$T/merged.$precision" >"$T/merged"
    close "$T/key" "$T/merged" || die "merged: $(diff "$T/key" "$T/merged")"
    probabilities "$D" >"$T/base"
    close "$T/key" "$T/base" && die "the adapter changes nothing"
    echo atree | "$L" generate "$D" --adapter "$adapter" --max-new 4 >"$T/g" 2>"$T/log" ||
        die "$(cat "$T/log")"
    echo atree | "$L" generate "$T/merged.$precision" --max-new 4 >"$T/m" 2>"$T/log" ||
        die "$(cat "$T/log")"
    [ "$(sed 's/"score.*//' "$T/g")" = "$(sed 's/"score.*//' "$T/m")" ] || die "$(cat "$T/g" "$T/m")"
    echo atree | "$L" generate "$D" --adapter "$adapter" --max-new 4 --precision f32 >"$T/g" \
        2>"$T/log" || die "$(cat "$T/log")"
    grep -q "was trained on weights in $precision, not in f[36]" "$T/log" || die "$(cat "$T/log")"
done

shows "what cannot be"
expect 2 "'precision' is nf4, but method 'ft' leaves no matrix of the blocks frozen" \
    "$L" run "model=$D" "task=$T/say.yaml" method=ft precision=nf4
# also after the same method and model with another precision
for order in 'auto, nf4' 'nf4, auto'; do
    printf 'study: s\nbase: {model: %s, task: %s, method: ft, lr: 0.01, epochs: 1, batch: 8}\n' \
        "$D" "$T/say.yaml" >"$T/s.yaml"
    printf 'axes: {precision: [%s]}\n' "$order" >>"$T/s.yaml"
    expect 2 "'precision' is nf4, but method 'ft' leaves no matrix of the blocks frozen" \
        "$L" sweep "$T/s.yaml"
done
sed -i 's/"q8_0"/"q9_9"/' "$adapter/lowrank_adapter.json"
expect 3 'base_precision must be "q8_0", "q4_1" or "nf4"' "$L" logits "$D" --adapter "$adapter"
exit 0
