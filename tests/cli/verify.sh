#!/bin/sh
# "lowrank verify" finds damage in the database and in adapters, and a damaged row ends every
# command with one line and status 4.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

"$L" sweep "$S" epochs=1 --home "$T/h" --no-calibrate 2>"$T/log" || die "$(cat "$T/log")"
"$L" verify --wide --home "$T/h" >"$T/out" 2>"$T/log" || die "an intact home: $(cat "$T/out" "$T/log")"
grep -q "are intact" "$T/log" || die "an intact home: $(cat "$T/log")"

# findings TEXT - verify ends with 4 and prints TEXT.
findings() {
    "$L" verify --wide --home "$T/h" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 4 ] || die "status $rc: $(cat "$T/out" "$T/log")"
    grep -q -- "$1" "$T/out" || die "does not say '$1': $(cat "$T/out")"
}

dir=$(ls -d "$T"/h/adapters/*/last | head -n 1)
mv "$dir" "$T/kept"
findings "its adapter .* is missing"
cp -r "$T/kept" "$dir"
printf 'x' | dd of="$dir/adapter_model.safetensors" bs=1 seek=3 conv=notrunc 2>"$T/dd"
findings "adapter_model.safetensors"
rm -r "$dir"
cp -r "$T/kept" "$dir"
: >"$T/h/ckpt/old.ckpt.tmp.99999999"
"$L" verify --wide --home "$T/h" >"$T/out" 2>"$T/log" || die "a leftover file is no damage"
grep -q "leftover .*ckpt.tmp.99999999" "$T/out" || die "no leftover: $(cat "$T/out")"
# What a killed migration and a run that was killed while it saved its adapter leave behind.
: >"$T/h/lowrank.db.v4.bak.123.tmp"
mkdir -p "$T/h/adapters/0123456789abcdef/last"
"$L" verify --wide --home "$T/h" >"$T/out" 2>"$T/log" || die "leftovers are no damage: $(cat "$T/log")"
[ "$(grep -c "^leftover" "$T/out")" = 3 ] &&
    grep -q "adapters/0123456789abcdef .*no finished run has this adapter" "$T/out" ||
    die "leftovers: $(cat "$T/out")"
rm -r "$T/h/adapters/0123456789abcdef"

python3 - "$T/h/lowrank.db" <<'P' || die "python"
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("PRAGMA ignore_check_constraints = 1")
c.execute("UPDATE run SET state = 'dome' WHERE run_id = 3")
c.commit()
P
findings "has the state 'dome', which does not exist"
for command in "plan $S" "sweep $S" "run $S rank=1 epochs=1" status report "table rank"; do
    # shellcheck disable=SC2086 # the words of a command
    "$L" $command --home "$T/h" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 4 ] || die "$command ends with $rc: $(cat "$T/log")"
    grep -q "is damaged: run .* has the state 'dome'" "$T/log" || die "$command: $(cat "$T/log")"
done
exit 0
