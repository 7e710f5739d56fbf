#!/bin/sh
# A user's own task goes by the name that its file gives it, wherever a name is stored or shown, and
# its runs still know the file from any folder.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
tasks() { count "$T/home" "SELECT group_concat(DISTINCT task) FROM runs WHERE $1"; }
base="model=$T/model epochs=1 batch=8 rank=2"
here=$(cd "$here" && pwd)
case $L in /*) ;; *) L=$PWD/$L ;; esac
cd "$T" || exit 1

shows "the name is the task's, not the file's"
mkdir other
sed 's/^task: toy/task: mood/' toy.yaml >other/file.yaml
"$L" run $base task=other/file.yaml >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
[ "$(tasks 1)" = mood ] || die "$(tasks 1)"
run=$(count "$T/home" "SELECT run_key FROM runs")
expect 0 "" "$L" table run task=mood
tr '\n' ' ' <"$T/out" | grep -q 'model, mood, lora' || die "$(cat "$T/out")"

shows "its file is found from another folder"
cd / || exit 1
expect 0 "" "$L" reevaluate run split=test
echo w1 w2 | "$L" logits "$T/model" --adapter "$run" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
cd "$T" || exit 1

shows "a run is the same under another name of its task"
mv other/file.yaml other/moved.yaml
sed -i 's/^task: mood/task: feeling/' other/moved.yaml
"$L" run $base task=other/moved.yaml >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q 'is done already' "$T/log" || die "$(cat "$T/log")"

shows "a name of another task is not taken"
sed -e 's/^task: toy/task: sst2/' -e 's/max_len: 32/max_len: 8/' toy.yaml >like_sst2.yaml
sed 's/max_len: 32/max_len: 16/' toy.yaml >other/toy.yaml
"$L" sweep $base "task=toy.yaml,other/toy.yaml,like_sst2.yaml" lr=0.01 --seeds 1 --no-calibrate \
    three >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
[ "$(tasks "study = 'three'")" = "\"toy,$T/other/toy.yaml,$T/like_sst2.yaml\"" ] ||
    die "$(tasks "study = 'three'")"
exit 0
