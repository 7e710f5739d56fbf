#!/bin/sh
# Whatever is wrong with the database file or the log beside it, every command says so in one line
# with status 4, none continues, and the database is not touched.
. "$(dirname "$0")/faults_lib.sh"

"$L" sweep "$S" epochs=1 --home "$T/right" --no-calibrate 2>"$T/log" || die "$(cat "$T/log")"
D="$T/h/lowrank.db"
fresh() { rm -rf "$T/h"; cp -r "${1:-$T/right}" "$T/h"; cp "$T/h/lowrank.db" "$T/before"; }
sql() { python3 -c "
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute(sys.argv[2])" "$D" "$1" || die "python"; }

# refused TEXT... - what every command says about the home, and verify at its end
refused() {
    for text; do
        for c in status "query runs" "table rank" "plan $S --no-calibrate" "run $S rank=2 epochs=1" \
            "sweep $S epochs=1 --no-calibrate -q" "ablate subspace"; do
            # shellcheck disable=SC2086 # the words of a command
            expect 4 "$text" "$L" $c --home "$T/h"
            one_line
        done
    done
    "$L" verify --home "$T/h" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 4 ] || die "verify: status $rc: $(cat "$T/out" "$T/log")"
    grep -q "lists the damage" "$T/out" "$T/log" && die "verify points to itself: $(cat "$T/log")"
    [ -n "$moved" ] || cmp -s "$T/before" "$D" || die "the database was written"
}

shows "a schema that is older than any"
for v in -5 0; do
    fresh
    sql "PRAGMA user_version = $v"
    cp "$D" "$T/before"
    refused "has the version $v, which no lowrank has written"
done
shows "a newer schema"
fresh
sql "PRAGMA user_version = 99"
cp "$D" "$T/before"
refused "made by a newer lowrank (its schema is 99"
shows "the database of another program"
fresh
sql "PRAGMA application_id = 1"
cp "$D" "$T/before"
refused "is the database of another program"
shows "no database"
fresh
head -c 8192 /dev/zero | tr '\0' x | dd of="$D" conv=notrunc 2>"$T/dd"
cp "$D" "$T/before"
refused "is not a database; if it was one, save what is left with: sqlite3 '.*' .recover"

size=$(wc -c <"$D")
shows "a database that was cut"
for keep in 100 4096 5000 100000 $((size - 4096)) $((size - 1)); do
    fresh
    truncate -s "$keep" "$D"
    cp "$D" "$T/before"
    refused "is damaged ('lowrank verify' lists the damage)"
done
shows "a damaged page, wherever it is"
page=1
while [ $page -lt $((size / 4096)) ]; do
    fresh
    head -c 4096 /dev/zero | tr '\0' '\377' | dd of="$D" bs=4096 seek=$page conv=notrunc 2>"$T/dd"
    for c in status "run $S rank=2 epochs=1"; do
        # shellcheck disable=SC2086 # the words of a command
        expect 4 "is damaged ('lowrank verify' lists the damage)" "$L" $c --home "$T/h"
        one_line
    done
    page=$((page + 7))
done

# A home whose newest changes are in the log, because its only process was killed.
"$L" run "$S" rank=2 epochs=4000 --home "$T/killed" >"$T/out" 2>"$T/log" &
p=$!
running() { [ "$(count "$1" "SELECT count(*) FROM run WHERE state = 'running'" 2>/dev/null)" = 1 ]; }
wait_for running "$T/killed"
{ kill -9 $p && wait $p; } 2>"$T/dd"
[ -s "$T/killed/lowrank.db-wal" ] || die "no log"
shows "the log of another database"
fresh
cp "$T/killed/lowrank.db-wal" "$D-wal"
refused "lowrank.db-wal' is the log of another database; move it away"
rm "$D-wal" "$D-shm"
expect 0 "all 6 runs done" "$L" sweep "$S" epochs=1 --home "$T/h"
shows "its own log"
fresh "$T/killed"
expect 0 "" "$L" query runs --home "$T/h"
grep -q lora "$T/out" || die "the log was not played back"
shows "a missing log"
fresh "$T/killed"
rm "$D-wal"
refused "lowrank.db-wal' is missing, and with it the newest changes: put it back, or remove"
shows "a log that is a folder"
fresh
mkdir "$D-wal"
refused "lowrank.db-wal' is not a regular file"
shows "noise in place of the log or of its index changes nothing"
fresh
head -c 20000 /dev/urandom >"$D-wal"
expect 0 "all 6 runs done" "$L" sweep "$S" epochs=1 --home "$T/h"
intact "$T/h"
fresh "$T/killed"
head -c 32768 /dev/urandom >"$D-shm"
expect 0 "" "$L" query runs --home "$T/h"
grep -q lora "$T/out" || die "the log was not played back"
intact "$T/h"
exit 0
