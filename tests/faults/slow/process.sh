#!/bin/sh
# Workers that are killed, crash, or stand still: any stop is survived, a crash is not repeated for
# ever, and nobody writes into a run that is another's.
. "$(dirname "$0")/../faults_lib.sh"
shim at_step
state() { count "$1" "SELECT group_concat(DISTINCT state) FROM run"; }
# die_at STEP HOW COMMAND... - the run of rank 4, seed 1 ends its process after STEP.
die_at() {
    step=$1 how=$2
    shift 2
    { AT_KEY=$key AT_STEP=$step AT_HOW=$how LD_PRELOAD=$T/at_step.so "$@"; } \
        >"$T/out" 2>"$T/log" </dev/null
}
"$L" sweep "$S" --home "$T/a" --no-calibrate 2>"$T/log" || die "undisturbed: $(cat "$T/log")"
key=$(count "$T/a" "SELECT run_key FROM run WHERE rank = 4 AND seed = 1")
results "$T/a" >"$T/a.csv"
grep "$key" "$T/a.csv" >"$T/a1.csv"

shows "a run that is killed again and again, at other steps, is done in the end"
for step in 30 10 20 0 40 0 0 0 25 0; do
    die_at $step 9 "$L" run "$S" rank=4 seed=1 --home "$T/k"
    rc=$?
    [ $rc = 137 ] || die "killed after step $step: status $rc: $(cat "$T/log")"
done
expect 0 "done in" "$L" run "$S" rank=4 seed=1 --home "$T/k"
results "$T/k" | grep "$key" | cmp - "$T/a1.csv" || die "other results"
[ -z "$(ls "$T/k/ckpt")" ] || die "left in ckpt: $(ls "$T/k/ckpt")"
[ "$(count "$T/k" "SELECT group_concat(step, ' ') FROM attempt WHERE outcome = 'lost'")" = \
    "30 10 20 0 40 0 0 0 25 0" ] || die "the places of the deaths are not recorded"

shows "a run that ends its process at the same step three times has failed"
for i in 1 2 3; do
    die_at 20 11 "$L" run "$S" rank=4 seed=1 --home "$T/c"
done
# The third death is found by the next command that takes a run.
expect 0 "done in" "$L" run "$S" rank=1 seed=1 --home "$T/c"
[ "$(count "$T/c" "SELECT state FROM run WHERE rank = 4")" = failed ] || die "it is tried again"

shows "a crash in a sweep is tried again, then the run has failed and the others are done"
for how in 11 6 exit; do
    die_at 20 $how "$L" sweep "$S" --home "$T/s$how" -j 2 --no-calibrate
    rc=$?
    [ $rc = 1 ] || die "$how: status $rc: $(cat "$T/log")"
    [ "$(grep -c "; trying again" "$T/log")" = 2 ] || die "$how: $(cat "$T/log")"
    grep -q "5 done, 0 diverged, 1 failed" "$T/log" || die "$how: $(cat "$T/log")"
    [ "$(count "$T/s$how" "SELECT group_concat(outcome, ' ') FROM attempt JOIN run USING (run_id)
        WHERE run_key = '$key'")" = 'lost lost lost' ] || die "$how: attempts"
    expect 0 "all 6 runs done" "$L" sweep "$S" --home "$T/s$how" --no-calibrate --retry failed
    results "$T/s$how" | cmp - "$T/a.csv" || die "$how: other results"
done

shows "a worker that stood still for longer than its lease drops its result"
"$L" run "$S" rank=4 seed=1 epochs=200 --home "$T/p" >"$T/out" 2>"$T/log" &
p=$!
at_work() { [ -s "$(echo "$T"/p/ckpt/*.step)" ] && [ "$(state "$T/p" 2>/dev/null)" = running ]; }
wait_for at_work
stopped() { grep -q '^State:[[:space:]]*T' "/proc/$p/status"; }
# As if two leases had passed; it must not hold the lock of the database meanwhile.
free() { python3 - "$T/p/lowrank.db" <<'P'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=0.2)
c.execute("UPDATE run SET lease = lease - 10000, lease_boot = lease_boot - 10000")
c.commit()
P
}
while :; do
    kill -STOP $p
    wait_for stopped
    free 2>"$T/dd" && break
    kill -CONT $p
done
expect 0 "done in" "$L" run "$S" rank=4 seed=1 epochs=200 --home "$T/p"
results "$T/p" >"$T/p1.csv"
"$L" query --home "$T/p" --format csv "SELECT * FROM attempt ORDER BY attempt" >"$T/p1.rows"
ls -R "$T/p/adapters" "$T/p/ckpt" >"$T/p1.files"
kill -CONT $p
wait $p
rc=$?
[ $rc = 1 ] || die "status $rc"
results "$T/p" | cmp - "$T/p1.csv" || die "it changed results"
"$L" query --home "$T/p" --format csv "SELECT * FROM attempt ORDER BY attempt" |
    cmp - "$T/p1.rows" || die "it changed attempts"
ls -R "$T/p/adapters" "$T/p/ckpt" | cmp - "$T/p1.files" || die "it left files: $(ls "$T/p/ckpt")"
exit 0
