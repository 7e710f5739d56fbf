#!/bin/sh
# plan: the name of a study must be unique; a signal ends a plan that takes long.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
S="$T/study.yaml"

# Another study of the same name would replace the stored one; a copy of the file, or a file that
# moved, would not.
"$L" sweep "$S" rank=1 steps=2 --seeds 1 -j 1 --no-calibrate >"$T/out" 2>"$T/log" ||
    die "sweep: $(cat "$T/log")"
mkdir "$T/new"
sed 's/lr: 5e-3/lr: 4e-3/' "$S" >"$T/new/study.yaml"
for c in plan sweep; do
    "$L" $c "$T/new/study.yaml" --no-calibrate >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 2 ] && [ ! -s "$T/out" ] ||
        die "$c of another 'toy': exit $rc: $(cat "$T/out" "$T/log")"
    new="the one in '$T/new/study.yaml'"
    grep -q "study 'toy' in the store comes from '$S'; give $new another name" "$T/log" ||
        die "$c of another 'toy': $(cat "$T/log")"
done
cp "$S" "$T/new/copy.yaml"
"$L" plan "$T/new/copy.yaml" --no-calibrate >"$T/out" 2>"$T/log" || die "a copy: $(cat "$T/log")"
mv "$S" "$T/moved.yaml"
"$L" plan "$T/new/study.yaml" --no-calibrate >"$T/out" 2>"$T/log" ||
    die "a file that has moved: $(cat "$T/log")"
sed 's/study: toy/study: rank/' "$T/moved.yaml" >"$T/mine.yaml"
"$L" plan "$T/mine.yaml" --no-calibrate >"$T/out" 2>"$T/log" ||
    die "a name of the program's: $(cat "$T/log")"
grep -q "study 'rank' has the name of '.*ablations/rank.yaml'" "$T/log" ||
    die "no warning: $(cat "$T/log")"

# A word of the command line wins over a condition in the file.
sed 's/rank: \[[^]]*\]/rank: [1, 2]/' "$T/moved.yaml" >"$T/when.yaml"
echo "when: [{if: {rank: 2}, set: {alpha: 3}}]" >>"$T/when.yaml"
"$L" plan "$T/when.yaml" rank=1 --no-calibrate >"$T/out" 2>"$T/log" || die "a word: $(cat "$T/log")"

# stop SIGNAL STATUS - stops a plan of many runs as soon as it handles signals
stop() {
    "$L" plan "$T/moved.yaml" --seeds 16000 >"$T/out" 2>"$T/log" &
    p=$!
    wait_for catches $p
    kill -$1 $p
    wait $p
    rc=$?
    [ $rc = $2 ] && grep -q 'lowrank: stopped' "$T/log" && [ ! -s "$T/out" ] ||
        die "SIG$1: exit $rc, not $2: $(cat "$T/log")"
}
stop INT 130
stop TERM 143
exit 0
