#!/bin/sh
# A signal that stops one worker does not stop the sweep: another worker continues its run. A second
# signal to the sweep ends everything within seconds.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

"$L" sweep "$S" epochs=40 --home "$T/a" -j 2 --no-calibrate 2>"$T/log" ||
    die "undisturbed: $(cat "$T/log")"
results "$T/a" >"$T/a.csv" || die "no results"

working() { [ "$(count "$1" "SELECT count(*) FROM run WHERE state = 'running'" 2>/dev/null)" = 2 ]; }
children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }

# The program leaves SIGHUP ignored where it is, as under nohup; here it is not.
for sig in TERM INT HUP USR1; do
    env --default-signal=HUP "$L" sweep "$S" epochs=40 --home "$T/$sig" -j 2 --no-calibrate 2>"$T/log" &
    p=$!
    wait_for working "$T/$sig"
    for k in $(children $p); do kill -$sig "$k"; break; done
    wait $p || die "SIG$sig to a worker: status $?: $(cat "$T/log")"
    grep -q "was stopped by a signal; its run goes on in another worker" "$T/log" ||
        die "SIG$sig to a worker: $(cat "$T/log")"
    grep -q "all 6 runs done" "$T/log" || die "SIG$sig to a worker: $(cat "$T/log")"
    results "$T/$sig" >"$T/$sig.csv"
    cmp "$T/a.csv" "$T/$sig.csv" || die "results differ after SIG$sig"
done

# Workers that are stopped as soon as they start: the sweep gives up and says what is left.
"$L" sweep "$S" epochs=4000 --home "$T/g" -j 2 --no-calibrate 2>"$T/log" &
p=$!
while ! ended $p; do
    for k in $(children $p); do catches "$k" && kill -TERM "$k" 2>/dev/null; done
    sleep 0.05
done
wait $p
rc=$?
[ $rc = 143 ] || die "stopped again and again: status $rc: $(cat "$T/log")"
grep -q "6 of 6 runs are left" "$T/log" || die "stopped again and again: $(cat "$T/log")"

# SIGTERM to all processes of the sweep, as timeout(1) sends it: every worker writes its checkpoint.
setsid "$L" sweep "$S" epochs=4000 --home "$T/t" -j 2 --no-calibrate 2>"$T/log" &
p=$!
wait_for working "$T/t"
kill -TERM -$p
wait $p
rc=$?
[ $rc = 143 ] || die "timeout: status $rc: $(cat "$T/log")"
[ "$(ls "$T/t/ckpt" | grep -c 'ckpt$')" = 2 ] || die "no checkpoints: $(ls "$T/t/ckpt")"
grep -q "stopped after 0 of 6 runs, 6 left" "$T/log" || die "timeout: $(cat "$T/log")"

# A worker that does not heed the first signal is killed after the second one.
"$L" sweep "$S" epochs=4000 --home "$T/k" -j 2 --no-calibrate 2>"$T/log" &
p=$!
wait_for working "$T/k"
kids=$(children $p)
kill -STOP $kids
kill -TERM $p
sleep 0.5
ended $p && die "the sweep did not wait for its workers"
kill -TERM $p
wait $p
rc=$?
[ $rc = 143 ] || die "second SIGTERM: status $rc: $(cat "$T/log")"
for k in $kids; do ended "$k" || die "a worker is still there"; done
exit 0
