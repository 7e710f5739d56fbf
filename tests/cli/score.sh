#!/bin/sh
# score.sh - "lowrank score": the three forms of references, intervals and comparisons, formats, and
# bad input.
: "${LOWRANK:?}"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fails=0
bad() {
    echo "FAIL: $*"
    fails=$((fails + 1))
}
# refuses STATUS TEXT ARGS...: one line with TEXT, and that exit status
refuses() {
    status=$1
    text=$2
    shift 2
    out=$("$LOWRANK" score "$@" 2>&1 >/dev/null)
    got=$?
    [ $got = "$status" ] || bad "score $*: status $got, not $status"
    [ "$(printf '%s\n' "$out" | wc -l)" = 1 ] || bad "score $*: $out"
    case $out in *"$text"*) ;; *) bad "score $*: '$out' has no '$text'" ;; esac
}
cd "$dir" || exit 1
printf 'a cat sat\nthe dog runs fast\n\n' >hyp
printf 'a cat sat\nthe dogs run fast\nx\n' >one
printf 'a cat sat\na cat sat down\n\nthe dogs run fast\n\nx\n' >groups
printf 'a cat sat\nthe dogs run fast\nx\n' >ref0
printf 'a cat sat down\n\n\n' >ref1

value() { "$LOWRANK" score "$@" --format csv | sed -n 2p | cut -d, -f2; }
grouped=$(value e2e_rouge_l --hyp hyp --ref groups)
[ "$grouped" = "$(value e2e_rouge_l --hyp hyp --ref ref0 ref1)" ] || bad "groups and files differ"
[ "$(value exact_match --hyp hyp --ref one)" = 0.3333 ] || bad "exact match"
[ "$("$LOWRANK" score rouge --hyp hyp --ref one --format csv | wc -l)" = 7 ] || bad "family"
[ "$("$LOWRANK" score rouge --hyp hyp --ref one --segments --format csv | wc -l)" = 4 ] ||
    bad "segments"
"$LOWRANK" score rouge1 --hyp hyp --hyp2 one --ref one --format json |
    grep -q '"p_randomization"' || bad "comparison"
a=$("$LOWRANK" score sacrebleu --hyp hyp --hyp2 one --ref one --seed 3)
[ "$a" = "$("$LOWRANK" score sacrebleu --hyp hyp --hyp2 one --ref one --seed 3)" ] ||
    bad "the same seed gives other intervals"

refuses 2 "did you mean 'e2e_bleu'" e2e_blue --hyp hyp --ref one
refuses 2 "'--ref' is missing" rouge --hyp hyp
refuses 3 "cannot open 'nothing'" rouge --hyp nothing --ref one
head -n 2 one >two
refuses 3 "'hyp' has 3 hypotheses, but 'two' has 2 references" rouge --hyp hyp --ref two
refuses 3 "'hyp' has 3 lines, but 'two' has 2" rouge --hyp hyp --ref one two
refuses 3 "groups of references" rouge --hyp two --ref groups
: >empty
refuses 3 "'empty' is empty" rouge --hyp empty --ref one
printf '\n\n\n' >blank
refuses 3 "'blank' has 0 references" rouge --hyp hyp --ref blank
refuses 3 "line 1 is empty in every file" rouge --hyp hyp --ref blank blank
awk 'BEGIN { for (i = 0; i < 500000; i++) printf "a "; print "" }' >long
refuses 3 "'long' line 1 has 1000000 bytes; at most 65536 can be scored" rouge --hyp long --ref long
printf 'a \377 cat\nb\nc\n' >latin
"$LOWRANK" score rouge --hyp latin --ref one 2>err >/dev/null || bad "invalid UTF-8: status $?"
grep -q "'latin' is not valid UTF-8 in 1 line, the first of them 1" err || bad "$(cat err)"

# A byte-order mark is no part of the first word; hypotheses without text are scored, and told.
printf 'a b c d\ne f g h\n' >plain
{ printf '\357\273\277'; cat plain; } >marked
for pair in "marked plain" "plain marked"; do
    set -- $pair
    "$LOWRANK" score exact_match --hyp "$1" --ref "$2" --format csv >out 2>&1 || bad "$(cat out)"
    grep -q '^exact_match,1' out || bad "a byte-order mark: $(cat out)"
done
printf 'a b c d\n \t\n' >hollow
"$LOWRANK" score rouge --hyp hollow --ref plain 2>err >/dev/null || bad "no text: $(cat err)"
grep -q "'hollow' has no text in 1 of 2 lines, the first of them 2" err || bad "$(cat err)"
WNSEARCHDIR=/nonexistent refuses 6 "lowrank fetch meteor" e2e --hyp hyp --ref one --home "$dir/no"
[ $fails = 0 ]
