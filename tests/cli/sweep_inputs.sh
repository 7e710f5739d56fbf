#!/bin/sh
# A run whose weights or data change while it trains ends as failed, whatever it had computed, and
# its training checkpoint goes; a file that was only touched does no harm.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"
W="$T/model/model.safetensors"
cp "$W" "$T/right"
state() { count "$1" "SELECT group_concat(DISTINCT state) FROM run" 2>/dev/null; }
running() { [ "$(state "$1")" = running ]; }
failed() { count "$1" "SELECT group_concat(DISTINCT error) FROM attempt"; }

# train HOME COMMAND... - start a run, do COMMAND while it trains, wait for the run.
train() {
    home=$1
    shift
    "$L" run "$S" rank=2 epochs=800 --home "$home" >"$T/out" 2>"$T/log" &
    p=$!
    wait_for running "$home"
    sleep 0.5
    "$@"
    wait $p
    rc=$?
}
spoil() { printf 'spoiled' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>"$T/dd"; }
# Many tools empty a file before they write it.
rewrite() { : >"$W"; sleep 0.2; cat "$T/right" >"$W"; spoil "$W" 9000; }

train "$T/a" spoil "$W" 9000
[ $rc = 3 ] || die "spoiled weights: status $rc: $(cat "$T/log")"
grep -q "model.safetensors' changed while the run was training" "$T/log" || die "$(cat "$T/log")"
[ "$(state "$T/a")" = failed ] || die "spoiled weights: $(state "$T/a")"
failed "$T/a" | grep -q "changed while the run was training" || die "$(failed "$T/a")"
[ -z "$(ls "$T/a/ckpt")" ] || die "a checkpoint of spoiled weights remains"
[ ! -e "$T/a/adapters" ] || die "an adapter of spoiled weights was saved"

cat "$T/right" >"$W"
train "$T/b" rewrite
[ $rc = 3 ] || die "rewritten weights: status $rc: $(cat "$T/log")"
[ "$(state "$T/b")" = failed ] || die "rewritten weights: $(state "$T/b")"

cat "$T/right" >"$W"
train "$T/c" spoil "$T/data/toy/dev.tsv" 30
[ $rc = 3 ] || die "spoiled data: status $rc: $(cat "$T/log")"
grep -q "dev.tsv' changed while the run was training" "$T/log" || die "$(cat "$T/log")"
python3 "$here/tiny.py" "$T" || die "tiny"

train "$T/d" touch "$W"
[ $rc = 0 ] || die "touched weights: status $rc: $(cat "$T/log")"

# The modification time can be set back; the change time cannot.
sleep 2.5
"$L" plan "$S" --no-calibrate --home "$T/e" >"$T/plan" 2>&1 || die "$(cat "$T/plan")"
"$L" plan "$S" --no-calibrate --home "$T/e" 2>&1 | grep -q . || die "plan"
cp -p "$W" "$T/stamp"
spoil "$W" 9000
touch -r "$T/stamp" "$W"
"$L" run "$S" rank=2 epochs=1 --home "$T/e" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
sha=$(sha256sum <"$W" | cut -d' ' -f1)
[ "$(count "$T/e" "SELECT sha256 FROM run_input WHERE role = 'weights'")" = "$sha" ] ||
    die "weights with an old time stamp are taken for the old ones"
exit 0
