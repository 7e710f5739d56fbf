#!/bin/sh
# "prepare" and "plan" write only below HOME/data and replace no file of somebody else.
here=$(dirname "$0")
L=${LOWRANK:-$here/../../build/lowrank}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
unset LOWRANK_HOME LOWRANK_DATA
die() { echo "FAIL: $*"; exit 1; }
"$L" prepare supersense --home "$T/w" >"$T/out" 2>"$T/log" ||
    { grep -q wordnet-base "$T/log" && { echo "WordNet is not installed"; exit 77; }
      die "$(cat "$T/log")"; }

mkdir -p "$T/victim" "$T/h/data/mine"
echo mine >"$T/victim/test.tsv"
echo mine >"$T/h/data/mine/test.tsv"
ln -s "$T/victim" "$T/h/data/link"
ln -s "$T/victim/test.tsv" "$T/h/data/test.tsv"

# refused STATUS TEXT DIR - a task with this "dir" is refused by prepare and by plan.
refused() {
    sed "s|^dir:.*|dir: $3|" "$here/../../experiments/tasks/supersense.yaml" >"$T/task.yaml"
    grep -q "^dir: $3" "$T/task.yaml" || die "the task has no 'dir'"
    "$L" prepare "$T/task.yaml" --home "$T/h" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = "$1" ] || die "dir: $3: status $rc: $(cat "$T/log")"
    grep -q -- "$2" "$T/log" || die "dir: $3: $(cat "$T/log")"
    [ "$(cat "$T/victim/test.tsv" "$T/h/data/mine/test.tsv")" = "mine
mine" ] || die "dir: $3: a file was replaced"
    [ "$(ls "$T/victim")" = test.tsv ] || die "dir: $3: files outside: $(ls "$T/victim")"
}
refused 2 "stay below" ../../victim
refused 2 "stay below" sub/../../../victim
refused 2 "stay below" "$T/victim"
refused 2 "stay below" link
refused 2 "stay below" link/sub
refused 3 "mine/test.tsv' exists, but 'lowrank prepare' has not made it" mine
refused 3 "data/./test.tsv' exists" .

# What an interrupted preparation has written is completed.
rm "$T/w/data/wordnet/supersense/train.tsv" "$T/w/data/wordnet/supersense/dev.tsv"
"$L" prepare supersense --home "$T/w" >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
[ -s "$T/w/data/wordnet/supersense/train.tsv" ] || die "not completed"
exit 0
