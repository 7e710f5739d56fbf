#!/bin/sh
# A wrong command ends with status 2 and a suggestion; a full disk or a closed pipe causes no crash.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
# no TEXT... - notes a failure.
no() {
    echo "$*"
    bad=1
}
# refuse TEXT COMMAND... - the command exits with 2 and prints nothing but one line with TEXT on
# standard error.
refuse() {
    want=$1
    shift
    "$L" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    rc=$?
    [ $rc = 2 ] || no "lowrank $*: exit $rc, not 2: $(cat "$tmp/err")"
    grep -q -- "$want" "$tmp/err" || no "lowrank $*: no '$want' in: $(cat "$tmp/err")"
    [ ! -s "$tmp/out" ] || no "lowrank $*: standard output is not empty"
    [ "$(wc -l <"$tmp/err")" = 1 ] || no "lowrank $*: more than a line: $(cat "$tmp/err")"
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
[ ! -e "$LOWRANK_HOME" ] || no "a refused command made '$LOWRANK_HOME'"

"$L" >"$tmp/out" 2>"$tmp/err"
[ $? = 2 ] && grep -q '^usage: lowrank' "$tmp/err" && [ ! -s "$tmp/out" ] ||
    no "lowrank alone is not usage on standard error with 2"

# Nowhere to write is a failure with a message, neither a crash (status above 127) nor silence.
if [ -w /dev/full ]; then
    for c in help "list metrics" "list methods --format json" "params --d-model 64" \
        "doctor --help"; do
        "$L" $c >/dev/full 2>"$tmp/err"
        rc=$?
        [ $rc = 4 ] && [ -s "$tmp/err" ] || no "lowrank $c >/dev/full: exit $rc: $(cat "$tmp/err")"
    done
fi
# A reader that closes the pipe early is no error.
for c in help "list metrics" "list queries --format csv" "params --d-model 64"; do
    { "$L" $c 2>"$tmp/err"; echo $? >"$tmp/rc"; } | head -n 1 >"$tmp/out"
    [ -s "$tmp/out" ] && [ ! -s "$tmp/err" ] && [ "$(cat "$tmp/rc")" = 0 ] ||
        no "lowrank $c | head -n 1: $(cat "$tmp/err")"
done

"$L" list studies --format csv | grep -q '^counts,' && no "list studies: counts is no study"
# Tables in all formats.
for f in table csv json md latex; do
    "$L" list metrics --format $f | grep -q accuracy || no "list metrics --format $f"
done
# The paper's GPT-3 count: r 4 on q and v, 96 layers of 12288.
"$L" params --d-model 12288 --layers 96 rank=4 task=mrpc --format csv |
    grep -q 'trainable.*,18874368,' || no "params: not 18,874,368"
"$L" params --d-model 64 --layers 2 method=ft pooling=cls >"$tmp/out" ||
    no "params method=ft: exit $?"
exit $bad
