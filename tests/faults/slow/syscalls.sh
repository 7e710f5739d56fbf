#!/bin/sh
# System calls that fail, and processes that are killed around renames and syncs: no half files, no
# success that is none, and the same command goes on to the same results.
. "$(dirname "$0")/../faults_lib.sh"
if grep -q __asan_init "$L" || ! traceable; then
    echo "system calls that fail: strace may not trace a process here"
    exit 77
fi
R="$S rank=2 seed=1 epochs=2"
# shellcheck disable=SC2086 # the words of a command, here and below
"$L" run $R --home "$T/a" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
results "$T/a" >"$T/a.csv"
same() { results "$1" | cmp - "$T/a.csv" || die "other results"; }

# inject WHAT COMMAND... - the command under strace, its status in $rc
inject() {
    what=$1
    shift
    strace -f -qq -o "$T/trace" -e "trace=${what%%:*}" -e "inject=$what" "$@" \
        >"$T/out" 2>"$T/log" </dev/null
    rc=$?
}
shows "a sync that fails is no success"
failed=0
for when in 1 2 4 8; do
    rm -rf "$T/h"
    inject "fsync,fdatasync:error=EIO:when=$when" "$L" run $R --home "$T/h"
    [ $rc = 4 ] || [ $rc = 0 ] || die "sync $when: status $rc: $(cat "$T/log")"
    [ $rc = 0 ] || failed=$((failed + 1))
    expect 0 "done" "$L" run $R --home "$T/h"
    same "$T/h"
    intact "$T/h"
done
[ $failed -gt 1 ] || die "syncs that fail are ignored"
shows "a full disk"
for when in 1+ 20+ 60+; do
    rm -rf "$T/h"
    inject "pwrite64:error=ENOSPC:when=$when" "$L" run $R --home "$T/h"
    [ $rc = 4 ] || [ $rc = 0 ] || die "write $when: status $rc: $(cat "$T/log")"
    expect 0 "done" "$L" run $R --home "$T/h"
    same "$T/h"
    intact "$T/h"
done
shows "killed before a rename or a sync: the old file or the new one, and the same results"
for call in rename,renameat,renameat2 fsync,fdatasync unlink; do
    for when in 1 3; do
        rm -rf "$T/h"
        { inject "$call:signal=KILL:when=$when" "$L" run $R --home "$T/h"; } 2>"$T/dd"
        expect 0 "done" "$L" run $R --home "$T/h"
        same "$T/h"
        intact "$T/h"
    done
done
exit 0
