#!/bin/sh
# A model and its tokenizer from text alone: what is written and stored, interruptions, bad input.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
awk 'BEGIN { srand(3); for (d = 0; d < 120; d++) { for (l = 0; l < 4; l++) { line = ""
    for (w = 0; w < 8; w++) { word = ""; k = int(40 * rand() * rand())
        for (c = 0; c < 2 + k % 4; c++) word = word substr("etaoinshrdlu", (k * 7 + c * k) % 12 + 1, 1)
        line = line word " " }
    print line "." } print "" } }' >"$T/text.txt"
small="--vocab=290 --layers=2 --width=32 --heads=2 --context=32 --batch=8 --held-out=0.05 --eval-every=30"
# shellcheck disable=SC2086
pretrain() { nice "$L" pretrain "$@" $small; }
same() { cmp -s "$T/a/$1" "$T/$2/$1" || die "$1 of $2 is another"; }
final() { count "$1" "SELECT printf('%!.17g', value) FROM final WHERE which = 'last'
    AND metric = 'bits_per_byte'"; }
curve="SELECT group_concat(split || step || metric || printf('%!.17g', value), ' ') FROM
    (SELECT * FROM curves ORDER BY split, metric, step)"

shows "training"
pretrain "$T/text.txt" "$T/a" --steps=900 -t 2 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q 'last *bits_per_byte' "$T/out" || die "no result: $(cat "$T/out")"
bits=$(final "$LOWRANK_HOME") points=$(count "$LOWRANK_HOME" "$curve")
[ "$(count "$LOWRANK_HOME" "SELECT last.value < 0.8 * first.value FROM
    (SELECT value FROM curves WHERE split = 'dev' AND metric = 'bits_per_byte' ORDER BY step LIMIT 1)
    AS first, (SELECT value FROM final WHERE which = 'last' AND metric = 'bits_per_byte') AS last")" = 1 ] ||
    die "the model did not learn: $(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT abs(lr) < 1e-4 FROM (SELECT value AS lr FROM curves
    WHERE metric = 'lr' ORDER BY step DESC LIMIT 1)")" = 1 ] || die "the rate does not fall to 0"
pretrain "$T/text.txt" "$T/a" --steps=900 2>&1 | grep -q "done already" || die "trained twice"
expect 2 "has no adapter; a pretraining run wrote a model" "$L" reevaluate pretrain split=dev
"$L" table pretraining | grep -q "gpt2 2x32" || die "not in the table"

shows "xz, standard input, and a text with a byte order mark are the same text"
for how in xz bom; do
    rm -rf "$T/home2" "$T/b"
    if [ $how = xz ]; then
        command -v xz >/dev/null || continue
        xz -k "$T/text.txt" && from=$T/text.txt.xz
        LOWRANK_HOME=$T/home2 pretrain "$from" "$T/b" --steps=900 -t 1 >/dev/null 2>"$T/log"
    else
        { printf '\357\273\277' && cat "$T/text.txt"; } |
            LOWRANK_HOME=$T/home2 pretrain - "$T/b" --steps=900 -t 1 >/dev/null 2>"$T/log"
    fi || die "$how: $(cat "$T/log")"
    same model.safetensors b
    same vocab.json b
done

# The same bits after the process was asked to stop, and after it was killed.
for signal in TERM KILL; do
    shows "SIG$signal"
    rm -rf "$T/home3" "$T/c"
    export LOWRANK_HOME="$T/home3"
    # shellcheck disable=SC2086
    "$L" pretrain "$T/text.txt" "$T/c" --steps=900 -t 1 $small >"$T/out" 2>"$T/log" &
    pid=$!
    begun() { grep -q 'step 30:' "$T/log"; }
    wait_for begun
    kill -$signal $pid 2>/dev/null
    wait $pid
    rc=$?
    [ $rc != 0 ] || die "it ended before it could be interrupted"
    [ $signal = KILL ] || [ $rc = 143 ] || die "status $rc: $(cat "$T/log")"
    [ ! -e "$T/c/model.safetensors" ] || die "a model before the end"
    pretrain "$T/text.txt" "$T/c" --steps=900 -t 2 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
    [ $signal = KILL ] || ! grep -q 'step 30:' "$T/log" || die "it began from the start"
    same model.safetensors c
    [ "$(final "$T/home3")" = "$bits" ] || die "another result: $(final "$T/home3") instead of $bits"
    [ "$(count "$T/home3" "$curve")" = "$points" ] || die "another curve"
    [ -z "$(ls "$T/home3/ckpt")" ] || die "left over: $(ls "$T/home3/ckpt")"
done

shows "the folder is a model of decoder tasks"
mkdir -p "$T/data/say" && printf 'q\ta\nto\tnote\nin\tthe\nso\tis\n' >"$T/data/say/train.tsv"
printf 'task: say\nkind: generation\ndir: say\nformat: tsv\nheader: true\nprompt: "{q}:"\n%s\n%s\n' \
    'target: " {a}"' 'splits: {train: train.tsv, dev: train.tsv}' >"$T/say.yaml"
printf 'metrics: [token_loss]\nmax_len: 32\n' >>"$T/say.yaml"
"$L" run "model=$T/a" "task=$T/say.yaml" method=lora rank=2 steps=2 >"$T/out" 2>"$T/log" ||
    die "$(cat "$T/log")"

shows "bad input"
export LOWRANK_HOME="$T/home4"
: >"$T/empty.txt"
printf '\n\n \r\n\n' >"$T/blank.txt"
printf 'one\n\ntwo\nbad \377 byte\n' >"$T/bad.txt"
printf 'only one document\n' >"$T/one.txt"
printf 'a\n\nb \000 c\n' >"$T/nul.txt"
expect 3 "empty.txt' has no text" pretrain "$T/empty.txt" "$T/d"
expect 3 "bad.txt:4: byte 0xff is not UTF-8" pretrain "$T/bad.txt" "$T/d"
expect 3 "nul.txt:3: a NUL byte" pretrain "$T/nul.txt" "$T/d"
expect 3 "is one document" pretrain "$T/one.txt" "$T/d"
expect 3 "none.txt" pretrain "$T/none.txt" "$T/d"
if [ -e "$T/text.txt.xz" ]; then
    head -c 500 "$T/text.txt.xz" >"$T/cut.xz"
    expect 3 "cut.xz' is a damaged or incomplete xz file" pretrain "$T/cut.xz" "$T/d"
fi
expect 2 "'--heads' must divide '--width' (32), and 3 does not" "$L" pretrain "$T/text.txt" "$T/d" \
    --width=32 --heads=3
[ ! -e "$T/d" ] || die "a folder without a model"
expect 2 "'--vocab' is 50000, but the text has pairs that occur 2 times or more for only" \
    "$L" pretrain "$T/text.txt" "$T/d" --vocab=50000 --layers=1 --width=8 --heads=1
expect 3 "fewer than one example of '--context' 30000 tokens" "$L" pretrain "$T/text.txt" "$T/f" \
    --vocab=290 --layers=1 --width=8 --heads=1 --context=30000
pretrain "$T/text.txt" "$T/f" --steps=1 >/dev/null 2>"$T/log" || die "the folder stays taken: $(cat "$T/log")"
expect 2 "has the model of another run" pretrain "$T/text.txt" "$T/a" --steps=3
mkdir "$T/full" && : >"$T/full/file"
expect 2 "is not empty" pretrain "$T/text.txt" "$T/full" --steps=3
rm "$T/a/model.safetensors"
LOWRANK_HOME="$T/home" expect 2 "is done already, but its model is not in" \
    pretrain "$T/text.txt" "$T/a" --steps=900
echo "pretrain: ok"
