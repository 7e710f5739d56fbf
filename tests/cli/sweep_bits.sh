#!/bin/sh
# Results do not depend on workers or threads, and repeating a run gives the same bits.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

"$L" sweep "$S" --home "$T/a" -j 1 --no-calibrate 2>"$T/log" || die "-j 1: $(cat "$T/log")"
"$L" sweep "$S" --home "$T/b" -j 2 2>"$T/log" || die "-j 2: $(cat "$T/log")"
results "$T/a" >"$T/a.csv"
results "$T/b" >"$T/b.csv"
cmp "$T/a.csv" "$T/b.csv" || die "-j 1 and -j 2 differ"

for t in 1 2 3; do
    "$L" run "$S" rank=4 seed=1 --home "$T/t$t" -t $t >"$T/out" 2>"$T/log" ||
        die "-t $t: $(cat "$T/log")"
    results "$T/t$t" >"$T/t$t.csv"
    cmp "$T/t1.csv" "$T/t$t.csv" || die "-t 1 and -t $t differ"
done
key=$(count "$T/t1" "SELECT run_key FROM run")
grep "$key" "$T/a.csv" >"$T/a1.csv"
[ -s "$T/a1.csv" ] || die "no key"
grep "$key" "$T/t1.csv" | cmp - "$T/a1.csv" || die "run and sweep differ"

"$L" run "$S" rank=4 seed=1 --home "$T/t1" >"$T/out" 2>"$T/log" || die "done: $(cat "$T/log")"
grep -q 'done already' "$T/log" || die "does not say that it is done: $(cat "$T/log")"
grep -q accuracy "$T/out" || die "no result: $(cat "$T/out")"
"$L" run "$S" rank=4 seed=1 --home "$T/t1" --again -t 2 >"$T/out" 2>"$T/log" ||
    die "again: $(cat "$T/log" "$T/out")"
grep -q ' 0 differ' "$T/out" || die "again: $(cat "$T/out")"
exit 0
