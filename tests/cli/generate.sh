#!/bin/sh
# 'lowrank generate' on the tiny golden decoders: what it prints, and one line for what it refuses.
# With a folder MODELS/smollm2 in LOWRANK_MODELS also the tokens of transformers on SmolLM2.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
export LC_ALL=C LOWRANK_HOME="$tmp/home"
no() {
    echo "$*"
    bad=1
}
g=tests/golden/gpt2

# Exit status and message of a command that reads the file $tmp/in.
refused() {
    want=$1 text=$2
    shift 2
    "$L" generate "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
    got=$?
    [ $got = "$want" ] || no "$*: exit $got, not $want: $(cat "$tmp/err")"
    grep -q "$text" "$tmp/err" || no "$*: no '$text' in: $(cat "$tmp/err")"
    [ "$(wc -l <"$tmp/err")" = 1 ] || no "$*: not one line: $(cat "$tmp/err")"
    [ -s "$tmp/out" ] && no "$*: it printed something"
}

# The order is that of the lines, whatever is done first; every line has all keys.
printf '5 6 7\n8\n9 10 11 12 13\n14 15\n' >"$tmp/in"
"$L" generate $g --input ids --max-new 6 --end 3,4 <"$tmp/in" >"$tmp/a" 2>"$tmp/err" ||
    no "exit $?: $(cat "$tmp/err")"
for key in id ids score finished; do
    [ "$(grep -c "\"$key\": " "$tmp/a")" = 4 ] || no "no $key in each line: $(cat "$tmp/a")"
done
sed 's/.*"id": \([0-9]*\).*/\1/' "$tmp/a" | tr '\n' ' ' | grep -qx '1 2 3 4 ' || no "order"
grep -q 'have no end token' "$tmp/err" || no "texts that were cut are not reported"

# Neither the batch nor the threads change a byte, with an adapter, in beams and draws.
for how in '' '--beams 4' '--sample --top-k 9 --seed 5' '--beams 3 --merge=no'; do
    "$L" generate $g --adapter $g/adapter --input ids $how --batch 1 -t 1 <"$tmp/in" >"$tmp/a" \
        2>/dev/null || no "$how: exit $?"
    "$L" generate $g --adapter $g/adapter --input ids $how --batch 9 -t 2 <"$tmp/in" >"$tmp/b" \
        2>/dev/null || no "$how: exit $?"
    cmp -s "$tmp/a" "$tmp/b" || no "$how: the batch changes the output"
done

printf '5 6\n\n7\n' >"$tmp/in"
refused 3 'standard input, line 2: the prompt is empty' $g --input ids
printf '5 6\n7 101\n' >"$tmp/in"
refused 3 'line 2: token 2 has the id 101; the vocabulary is 0 to 100' $g --input ids
printf '5 six\n' >"$tmp/in"
refused 3 "line 1: 'six' is not a token id" $g --input ids
seq 1 31 | tr '\n' ' ' >"$tmp/in"
refused 3 'line 1: the prompt has 31 tokens, but the model has positions for 31' $g --input ids
: >"$tmp/in"
refused 3 'standard input has no line' $g --input ids
printf '5\n' >"$tmp/in"
refused 2 'the vocabulary has 101 tokens' $g --input ids --beams 102
refused 2 "'temperature' must be" $g --input ids --sample --temperature 0
refused 2 "'temperature' must be" $g --input ids --sample --temperature -1
refused 2 "'top_p' must be" $g --input ids --sample --top-p 1.5
refused 2 "'top_p' must be" $g --input ids --sample --top-p 0
refused 2 "'end' has '101'" $g --input ids --end 5,101
refused 3 'is an encoder (bert)' tests/golden/bert --input ids

# Texts, through the tokenizer of a GGUF file.
models=${LOWRANK_MODELS:-/nowhere}
if [ -d "$models/smollm2" ] && [ -f ../shared/golden/real/smollm2_greedy.json ]; then
    printf 'a\377\n' >"$tmp/in"
    refused 3 'line 1: byte 2 is not valid UTF-8' "$models/smollm2"
    json=../shared/golden/real/smollm2_greedy.json
    sed -n 's/^ *"prompt": "\(.*\)",$/\1/p' $json >"$tmp/in"
    sed -n '/"ids"/,/]/p' $json | tr -d ' \n' | sed 's/"ids"://g; s/\],*/\n/g; s/\[//g' >"$tmp/want"
    "$L" generate "$models/smollm2" --max-new 32 <"$tmp/in" 2>"$tmp/err" |
        sed 's/.*"ids": \[\([^]]*\)\].*/\1/' | tr -d ' ' >"$tmp/a" || no "$(cat "$tmp/err")"
    cmp -s "$tmp/a" "$tmp/want" || no "SmolLM2: other tokens than transformers: $(cat "$tmp/a")"
fi
exit $bad
