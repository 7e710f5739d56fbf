#!/bin/sh
# What 'make findings' and 'make studies' write and say: every study of the program and of the store is
# named with what is there; a budget is a time, and is kept.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
root=$here/../..
cat >"$T/mine.yaml" <<END
study: mine
base: {model: $T/model, task: $T/toy.yaml, epochs: 1, batch: 8}
axes: {rank: [1, 2]}
seeds: 2
END
"$L" sweep "$T/mine.yaml" --no-calibrate -q 2>"$T/log" || die "$(cat "$T/log")"
"$L" sweep "$T/mine.yaml" rank=1,2,4 --seeds 3 --limit 2 --no-calibrate -q 2>"$T/log"

sh "$root/results/findings.sh" "$L" "$T/found" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
[ ! -s "$T/log" ] || die "findings complains: $(cat "$T/log")"
grep -q '^mine,in part,6,9,,2,3,' "$T/found/studies.csv" || die "$(cat "$T/found/studies.csv")"
[ "$(grep -c ',not run yet,' "$T/found/studies.csv")" = \
    "$("$L" list studies --format csv | sed 1d | grep -vc '^mine,')" ] || die "a study is not named"
grep -q '^| rank | not run yet |' "$T/found/STUDIES.md" || die "$(cat "$T/found/STUDIES.md")"
grep -q '^Not computed here: .*intervene' "$T/found/STUDIES.md" || die "$(cat "$T/found/STUDIES.md")"
[ "$(wc -l <"$T/found/mine.csv")" -ge 3 ] || die "mine: $(cat "$T/found/mine.csv")"
[ ! -e "$T/found/glue.csv" ] || die "an empty table"
grep -q '^undecided  rank_flat' "$T/found/claims.txt" && [ -s "$T/found/report.html" ] || die "claims"

for word in 2 2x h 1.5h; do
    expect 2 "BUDGET must be a time like 90m or 2h, not '$word'" sh "$root/ablations/studies.sh" "$L" $word
done
