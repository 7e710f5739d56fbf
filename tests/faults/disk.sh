#!/bin/sh
# Reads and writes that are interrupted or short, output that nobody takes, and homes that cannot be.
. "$(dirname "$0")/faults_lib.sh"
shim short_io
R="$S rank=2 seed=1 epochs=2"
# shellcheck disable=SC2086 # the words of a command, here and below
"$L" run $R --home "$T/a" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
results "$T/a" >"$T/a.csv"
same() { results "$1" | cmp - "$T/a.csv" || die "other results"; }
A=$(ls -d "$T"/a/adapters/*/last)

shows "reads and writes that are interrupted or short change nothing"
for most in 100000 999; do
    rm -rf "$T/h"
    SHORT_IO=$most LD_PRELOAD=$T/short_io.so "$L" run $R --home "$T/h" >"$T/out" 2>"$T/log" ||
        die "at most $most bytes: $(cat "$T/log")"
    same "$T/h"
    intact "$T/h"
    cmp "$A/adapter_model.safetensors" "$T"/h/adapters/*/last/adapter_model.safetensors ||
        die "another adapter"
done

shows "nowhere to print"
for c in "query runs" "table study study=run" status verify "plan $S --no-calibrate"; do
    [ -w /dev/full ] || break
    "$L" $c --home "$T/a" >/dev/full 2>"$T/log"
    rc=$?
    [ $rc = 4 ] || [ "$c" = verify ] || die "$c: status $rc: $(cat "$T/log")"
done
shows "a reader that has gone"
for c in "query runs" "table study study=run" status "plan $S --no-calibrate"; do
    { "$L" $c --home "$T/a" 2>"$T/log"; echo $? >"$T/rc"; } | true
    [ "$(cat "$T/rc")" = 0 ] && [ ! -s "$T/log" ] || die "$c: $(cat "$T/rc" "$T/log")"
done
shows "a home that cannot be made"
expect 4 "" "$L" run $R --home /proc/none
one_line
expect 4 "" "$L" run $R --home "$T/$(head -c 300 /dev/zero | tr '\0' n)"
one_line

exit 0
