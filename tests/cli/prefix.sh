#!/bin/sh
# Prefixes on a model of 40 positions: the program reports how much room they leave for texts and
# counts the texts that it truncates; results do not depend on threads; adapters are read back.
. "$(dirname "$0")/sweep_lib.sh"
base="model=$T/model task=$T/toy.yaml steps=8 batch=8"

# refused TEXT KEYS... - the run fails with one line.
refused() {
    text=$1
    shift
    "$L" run $base "$@" --home "$T/r" >"$T/out" 2>"$T/log"
    [ $? = 2 ] && grep -q -- "$text" "$T/log" || die "$*: $(cat "$T/log")"
    [ "$(grep -vc '^$' "$T/log")" = 1 ] || die "$*: more than one line: $(cat "$T/log")"
}
refused "'prefix' is 30 and 'infix' is 8, but the model has 40 positions" \
    method=prefix-embed prefix=30 infix=8
refused "both 0" method=prefix-layer prefix=0
refused "must be a whole number from 1" method=prefix-kv prefix=0

# 40 positions less 35: texts of more than 5 tokens are truncated, and their number is reported.
"$L" run $base method=prefix-embed prefix=30 infix=5 --home "$T/cut" >"$T/out" 2>"$T/log" ||
    die "cut: $(cat "$T/log")"
lowered="'max_len' is lowered to 5: of the model's 40 positions 'prefix-embed' takes 35"
[ "$(grep -c "$lowered" "$T/log")" = 1 ] ||
    die "not said once: $(cat "$T/log")"
grep -q 'train.*: [1-9][0-9]* of [0-9]* examples truncated to 5 tokens' "$T/log" ||
    die "not counted: $(cat "$T/log")"
"$L" run $base method=lora --home "$T/cut" 2>&1 >/dev/null | grep -q 'truncated to\|lowered' &&
    die "lora truncates texts"

for m in "prefix-embed infix=2" prefix-layer "prefix-kv prefix_width=16" \
    "prefix-kv prefix_width=0"; do
    rm -rf "$T/one" "$T/two"
    "$L" run $base method=$m -t 1 --home "$T/one" >/dev/null 2>"$T/log" || die "$m: $(cat "$T/log")"
    "$L" run $base method=$m -t 2 --home "$T/two" >/dev/null 2>"$T/log" || die "$m: $(cat "$T/log")"
    results "$T/one" >"$T/a"
    results "$T/two" >"$T/b"
    cmp "$T/a" "$T/b" || die "$m: -t 2 has other numbers"
    key=$(ls "$T/one/adapters")
    adapted="--adapter $key --home $T/one --format csv"
    echo 'red w01 w02 cat' | "$L" logits "$T/model" $adapted >"$T/out" 2>"$T/log" ||
        die "$m: logits: $(cat "$T/log")"
    [ "$(wc -l <"$T/out")" = 2 ] || die "$m: $(cat "$T/out")"
    # As many hidden states as the text has tokens, with [CLS] and [SEP] but without inserted rows.
    echo 'red w01 w02 cat' | "$L" logits "$T/model" $adapted --hidden |
        wc -l | grep -qx 7 || die "$m: hidden states"
done
exit 0
