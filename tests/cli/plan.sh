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
mkdir "$T/like"
sed 's/study: toy/study: rank/' "$T/moved.yaml" >"$T/like/rank.yaml"
"$L" plan "$T/like/rank.yaml" --no-calibrate >"$T/out" 2>"$T/log" ||
    die "a name of the program's: $(cat "$T/log")"
grep -q "study 'rank' has the name of '.*ablations/rank.yaml'" "$T/log" ||
    die "no warning: $(cat "$T/log")"

# A copy in another file is a study of its own, called after the file.
cp "$T/like/rank.yaml" "$T/like/mine.yaml"
"$L" plan "$T/like/mine.yaml" --no-calibrate >"$T/out" 2>"$T/log" || die "a copy: $(cat "$T/log")"
grep -q "^study mine" "$T/out" || die "a copy: $(cat "$T/out")"
grep -q "is a copy of the study 'rank' and is called 'mine'" "$T/log" || die "$(cat "$T/log")"

# Several values of a word are an axis, and words alone are a study that its name finds again. A plan
# writes nothing, neither its file nor a truncated model.
words="model=$T/model task=$T/toy.yaml epochs=1 batch=8"
all() { find "$T/home" | sort; }
all >"$T/before"
"$L" plan rank=1,2 'targets=q;q,v' $words few --seeds 2 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q '^8 runs of 4 cells' "$T/out" || die "words: $(cat "$T/out")"
mkdir -p "$T/home/models"
cp -r "$T/model" "$T/home/models/small"
all >"$T/before"
"$L" plan $words model=small@r2,small@r4 >/dev/null 2>&1 && die "a key twice"
"$L" plan "model=small,small@r2" "task=$T/toy.yaml" epochs=1 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q 'small@r2' "$T/out" || die "truncated: $(cat "$T/out")"
all | cmp -s - "$T/before" || die "plan wrote $(all | diff - "$T/before")"
expect 2 "has the value '1' twice" "$L" plan rank=1,1 $words
expect 2 "has an empty value" "$L" plan rank=1, $words
expect 2 "'rank' is a study of the program" "$L" plan rank=1,2 rank $words
expect 2 "a sweep has one name" "$L" plan rank=1,2 a b $words
expect 0 "next: lowrank table few" "$L" sweep rank=1,2 'targets=q;q,v' $words few --seeds 2
expect 0 "few: all 8 runs done" "$L" sweep few
expect 0 "few: 4 of 8 runs to do" "$L" sweep few rank=1,4
[ "$(count "$T/home" "SELECT runs FROM (SELECT count(*) AS runs FROM sweep w JOIN sweep_run USING(plan_id)
    WHERE name = 'few')")" = 12 ] || die "runs of 'few'"

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
