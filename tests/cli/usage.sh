#!/bin/sh
# What is asked wrongly ends with 2 and a suggestion; a full disk or a closed pipe never ends in a crash.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
# refuse WORDS-THAT-MUST-BE-SAID COMMAND...: exit 2, nothing on stdout, one line on stderr
refuse() {
    want=$1
    shift
    "$L" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    rc=$?
    [ $rc = 2 ] || { echo "lowrank $*: exit $rc, not 2: $(cat "$tmp/err")"; bad=1; }
    grep -q -- "$want" "$tmp/err" || { echo "lowrank $*: no '$want' in: $(cat "$tmp/err")"; bad=1; }
    [ ! -s "$tmp/out" ] || { echo "lowrank $*: standard output is not empty"; bad=1; }
    [ "$(wc -l <"$tmp/err")" = 1 ] || { echo "lowrank $*: more than a line: $(cat "$tmp/err")"; bad=1; }
}
export LOWRANK_HOME="$tmp/home"
refuse "did you mean 'doctor'" docter
refuse "did you mean 'params'" parms
refuse "did you mean 'doctor'" help docter
refuse "'lowrank help' lists them" xyzzyxyzzy
refuse "did you mean '--format'" doctor --fromat json
refuse "did you mean 'json'" doctor --format jsn
refuse "needs a value" list tasks --format
refuse "unknown flag '-z'" list tasks -z
refuse "needs" list
refuse "'metrics'" list metrics metrics
refuse "did you mean 'tasks'" list task
refuse "did you mean 'forward'" bench foward
refuse "did you mean 'rank'" params --d-model 64 rnk=4
refuse "rank" params --d-model 64 rank=0
refuse "rank" params --d-model 64 rank=65
refuse "not key=value" params minilm lora
refuse "both say which model" params --d-model 64 minilm
refuse "needs a model" params
refuse "threads" bench gemm -t 0.5
refuse "MODEL ADAPTER OUT_DIR" merge minilm adapter
refuse "MODEL" logits
refuse "'out' is empty" figure rank -o ""
refuse "'home' is empty" status --home ""
refuse "argument 3 of 'lowrank merge' is empty" merge minilm 3fa9c1d2 ""
refuse "flag of 'plan' and 'sweep': --seeds 3" plan rank seeds=3
refuse "belongs in the study's file" plan rank axes=1
refuse "'lr' is given twice: '1e-3' and '1e-2'" plan rank lr=1e-3 lr=1e-2
refuse "'seeds' must be a whole number from 0 to 1000000, not '1e6'" plan rank --seeds 1e6
refuse "unknown recipe 'counts'" plan counts
refuse "'lr' must be a number" plan rank lr=1e-400
[ ! -e "$LOWRANK_HOME" ] || { echo "a refused command made '$LOWRANK_HOME'"; bad=1; }

"$L" >"$tmp/out" 2>"$tmp/err"
[ $? = 2 ] && grep -q '^usage: lowrank' "$tmp/err" && [ ! -s "$tmp/out" ] ||
    { echo "lowrank alone is not usage on standard error with 2"; bad=1; }

# Nowhere to write: a failure that is said, not a crash (above 127) and not silence.
if [ -w /dev/full ]; then
    for c in help "list metrics" "list methods --format json" "params --d-model 64" "doctor --help"; do
        "$L" $c >/dev/full 2>"$tmp/err"
        rc=$?
        [ $rc = 4 ] && [ -s "$tmp/err" ] || { echo "lowrank $c >/dev/full: exit $rc: $(cat "$tmp/err")"; bad=1; }
    done
fi
# A reader that has seen enough is no error to talk about.
for c in help "list metrics" "list queries --format csv" "params --d-model 64"; do
    { "$L" $c 2>"$tmp/err"; echo $? >"$tmp/rc"; } | head -n 1 >"$tmp/out"
    [ -s "$tmp/out" ] && [ ! -s "$tmp/err" ] && [ "$(cat "$tmp/rc")" = 0 ] || { echo "lowrank $c | head -n 1: $(cat "$tmp/err")"; bad=1; }
done

"$L" list studies --format csv | grep -q '^counts,' && { echo "list studies: counts is no study"; bad=1; }
# Tables from all formats.
for f in table csv json md latex; do
    "$L" list metrics --format $f | grep -q accuracy || { echo "list metrics --format $f"; bad=1; }
done
# The paper's GPT-3 count: r 4 on q and v, 96 layers of 12288.
"$L" params --d-model 12288 --layers 96 rank=4 task=mrpc --format csv | grep -q 'trainable.*,18874368,' ||
    { echo "params: not 18,874,368"; bad=1; }
"$L" params --d-model 64 --layers 2 method=ft pooling=cls >"$tmp/out" || { echo "params method=ft: exit $?"; bad=1; }
exit $bad
