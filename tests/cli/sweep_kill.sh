#!/bin/sh
# A sweep whose processes are killed again and again, by SIGKILL, SIGTERM, or SIGINT, ends with the
# same results as an undisturbed one.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

"$L" sweep "$S" epochs=40 --home "$T/a" -j 2 --no-calibrate 2>"$T/log" ||
    die "undisturbed: $(cat "$T/log")"

# attempts HOME - how many attempts there have been
attempts() {
    n=$(count "$1" "SELECT count(*) FROM attempt" 2>/dev/null)
    echo "${n:-0}"
}
# began HOME N PID - an attempt has begun after the first N, or the sweep has ended.
began() { ended "$3" || [ "$(attempts "$1")" -gt "$2" ]; }
# alone HOME - no process works there. ([/] keeps grep from finding itself.)
alone() { ! grep -aqs -- "${1%/*}[/]${1##*/}" /proc/[0-9]*/cmdline; }

i=0
while [ $i -lt 14 ]; do
    before=$(attempts "$T/b")
    "$L" sweep "$S" epochs=40 --home "$T/b" -j 2 --no-calibrate 2>"$T/log" &
    p=$!
    # Any moment, but in most rounds one at which runs are at work.
    [ $((i % 3)) = 0 ] || wait_for began "$T/b" "$before" $p
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
wait_for alone "$T/b" # workers whose parent was killed end by themselves
# One that is killed just after it recorded a run leaves the run's checkpoint.
key=$(count "$T/b" "SELECT run_key FROM run WHERE state = 'done' LIMIT 1")
: >"$T/b/ckpt/$key.ckpt"
: >"$T/b/ckpt/$key.ckpt.old"
"$L" sweep "$S" epochs=40 --home "$T/b" -j 2 --no-calibrate 2>"$T/log" ||
    die "last: $(cat "$T/log")"

results "$T/a" >"$T/a.csv" || die "no results"
results "$T/b" >"$T/b.csv" || die "no results"
[ "$(wc -l <"$T/a.csv")" -gt 300 ] || die "too few numbers"
cmp "$T/a.csv" "$T/b.csv" || die "results differ"
[ "$(count "$T/b" "SELECT count(*) FROM run WHERE state = 'done'")" = 6 ] || die "not all done"
[ -z "$(ls "$T/b/ckpt")" ] || die "checkpoints left: $(ls "$T/b/ckpt")"

[ "$(count "$T/b" "SELECT count(*) FROM attempt")" -gt 8 ] || die "no run was ever interrupted"

# Workers die, but the parent lives: it starts others and finishes.
"$L" sweep "$S" epochs=40 --home "$T/c" -j 2 --no-calibrate 2>"$T/log" &
p=$!
for death in 1 2; do
    wait_for began "$T/c" "$(attempts "$T/c")" $p
    for k in $(cat /proc/$p/task/$p/children 2>/dev/null); do kill -9 "$k" 2>/dev/null; break; done
done
wait $p || die "with dead workers: $(cat "$T/log")"
grep -q 'died by signal 9' "$T/log" || die "a death was not reported: $(cat "$T/log")"
results "$T/c" >"$T/c.csv" || die "no results"
cmp "$T/a.csv" "$T/c.csv" || die "results differ after dead workers"

# Nothing to do: nothing is done.
before=$(attempts "$T/b")
"$L" sweep "$S" epochs=40 --home "$T/b" 2>"$T/log" || die "again: $(cat "$T/log")"
grep -q 'all 6 runs done' "$T/log" || die "again says: $(cat "$T/log")"
[ "$(attempts "$T/b")" = "$before" ] || die "a sweep with nothing to do ran something"
exit 0
