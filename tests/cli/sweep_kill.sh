#!/bin/sh
# A sweep that is killed again and again, parent or worker, by SIGKILL, SIGTERM or SIGINT, ends like one that was not.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

"$L" sweep "$S" epochs=40 --home "$T/a" -j 2 --no-calibrate 2>"$T/log" || die "undisturbed: $(cat "$T/log")"

i=0
while [ $i -lt 14 ]; do
    "$L" sweep "$S" epochs=40 --home "$T/b" -j 2 --no-calibrate 2>"$T/log" &
    p=$!
    sleep 0.$((10 + (i * 37) % 60))
    kids=$(cat /proc/$p/task/$p/children 2>/dev/null)
    case $((i % 5)) in
    0) kill -9 $p 2>/dev/null ;;
    1) for k in $kids; do kill -9 "$k" 2>/dev/null; break; done
       sleep 0.1; kill -9 $p 2>/dev/null ;;
    2) kill -TERM $p 2>/dev/null ;;
    3) kill -INT $p 2>/dev/null ;;
    4) kill -9 $p $kids 2>/dev/null ;;
    esac
    wait $p
    rc=$?
    case $rc in 0 | 130 | 143 | 137) ;; *) die "round $i ended with $rc: $(cat "$T/log")" ;; esac
    i=$((i + 1))
done
sleep 0.3
# A run whose worker was killed three times counts as failed: that is what --retry is for.
"$L" sweep "$S" epochs=40 --home "$T/b" -j 2 --no-calibrate 2>"$T/log" ||
    "$L" sweep "$S" epochs=40 --home "$T/b" -j 2 --no-calibrate --retry failed 2>"$T/log" ||
    die "last: $(cat "$T/log")"

results "$T/a" >"$T/a.csv" || die "no results"
results "$T/b" >"$T/b.csv" || die "no results"
[ "$(wc -l <"$T/a.csv")" -gt 300 ] || die "too few numbers"
cmp "$T/a.csv" "$T/b.csv" || die "results differ"
[ "$(count "$T/b" "SELECT count(*) FROM run WHERE state = 'done'")" = 6 ] || die "not all done"
[ -z "$(ls "$T/b/ckpt")" ] || die "checkpoints left: $(ls "$T/b/ckpt")"

[ "$(count "$T/b" "SELECT count(*) FROM attempt")" -gt 8 ] || die "no run was ever interrupted"

# Workers die, the parent lives: it starts others and finishes.
"$L" sweep "$S" epochs=40 --home "$T/c" -j 2 --no-calibrate 2>"$T/log" &
p=$!
for pause in 0.4 0.5; do
    sleep $pause
    for k in $(cat /proc/$p/task/$p/children 2>/dev/null); do kill -9 "$k" 2>/dev/null; break; done
done
wait $p || die "with dead workers: $(cat "$T/log")"
grep -q 'died by signal 9' "$T/log" || die "a death was not told: $(cat "$T/log")"
results "$T/c" >"$T/c.csv" || die "no results"
cmp "$T/a.csv" "$T/c.csv" || die "results differ after dead workers"

# Nothing to do: at once.
start=$(date +%s%N)
"$L" sweep "$S" epochs=40 --home "$T/b" 2>"$T/log" || die "again: $(cat "$T/log")"
took=$((($(date +%s%N) - start) / 1000000))
grep -q 'all 6 runs done' "$T/log" || die "again says: $(cat "$T/log")"
[ $took -lt 2000 ] || die "nothing to do took $took ms"
exit 0
