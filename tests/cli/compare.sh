#!/bin/sh
# Two runs and two cells: only what differs, and the difference of means with its paired test, which
# awk computes once more from the single values.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
"$L" sweep rank=1,8 "model=$T/model" "task=$T/toy.yaml" epochs=2 batch=8 lr=2e-2 pair --seeds 3 -q \
    --no-calibrate 2>"$T/log" || die "sweep: $(cat "$T/log")"
cell() { count "$T/home" "SELECT DISTINCT cell_key FROM run WHERE rank = $1"; }
run() { count "$T/home" "SELECT run_key FROM run WHERE rank = $1 AND seed = $2"; }
a=$(cell 1) b=$(cell 8)

shows "diff prints what differs and nothing else"
"$L" diff "$a" "$b" --format csv >"$T/out" || die "diff"
sed -n '/^# recipe/,/^$/p' "$T/out" | tr -d '\r' | sed '1,2d; /^$/d' >"$T/recipe"
[ "$(cat "$T/recipe")" = "rank,1,8" ] || die "$(cat "$T/out")"
"$L" diff "$(run 1 1)" "$(run 1 2)" >"$T/out" || die "diff of runs"
grep -q '^seed ' "$T/out" && grep -q '^rank' "$T/out" && die "$(cat "$T/out")"
"$L" diff "$a" "$a" >"$T/out" || die "diff of one cell"
[ "$(grep -c '^the same$' "$T/out")" = 4 ] || die "a cell differs from itself: $(cat "$T/out")"

shows "compare"
"$L" compare "$a" "$b" which=best --format csv >"$T/csv" 2>"$T/log" || die "$(cat "$T/log")"
"$L" query --format csv "SELECT y.value - x.value FROM final x JOIN final y ON y.seed = x.seed AND y.rank = 8
    AND y.which = 'best' AND y.metric = 'accuracy' WHERE x.rank = 1 AND x.which = 'best'
    AND x.metric = 'accuracy'" | sed 1d | awk '{ x[NR] = $1; s += $1 } END { m = s / 3
        for (i = 1; i <= 3; i++) q += (x[i] - m) ^ 2
        h = 4.302653 * sqrt(q / 2 / 3); printf "%.5f %.5f %.5f\n", m, m - h, m + h }' >"$T/want"
tail -n 1 "$T/csv" | awk -F, '{ printf "%.5f %.5f %.5f\n", $7, $8, $9 }' >"$T/have"
cmp -s "$T/want" "$T/have" || die "$(cat "$T/have"), not $(cat "$T/want"): $(cat "$T/csv")"
# With the stored answers of the last evaluation, 60 examples take part.
"$L" compare "$a" "$b" --format csv 2>"$T/log" | tail -n 1 | grep -q '^accuracy,last,3,60,' ||
    die "$(cat "$T/log")"
grep -q "rank 1 -> 8" "$T/log" || die "what they are: $(cat "$T/log")"
expect 2 "nothing to compare" "$L" compare "$a" "$a"
expect 2 "must be 'which' or 'metric'" "$L" compare "$a" "$b" wich=best
expect 1 "no seed has" "$L" compare "$a" "$b" metric=pearson
expect 0 "" "$L" exclude "$(run 8 2)" odd
"$L" compare "$a" "$b" --format csv 2>/dev/null | tail -n 1 | grep -q '^accuracy,last,2,' ||
    die "an excluded run takes part"
echo "compare: ok"
