#!/bin/sh
# A search that is killed at many moments ends with the same trials, choices, curves, and results, bit
# for bit, as an undisturbed one; a run that was paused at its rungs, as one that never was. A sweep
# says what is left, and never repeats what is done.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/search.yaml"
cat >"$S" <<EOF
study: tuned
base: {model: $T/model, task: $T/toy.yaml, batch: 8, epochs: 16, targets: [q, v]}
axes: {rank: [1, 8]}
search: {lr: {log: [1e-3, 1e-1]}, trials: 6, halving: true, extend: 1}
seeds: 2
EOF

# everything HOME - results, judgments of trials, what is reported, and every curve
everything() {
    results "$1" &&
        "$L" query --home "$1" --format csv "SELECT run_key, trial, extension, rung, tuning.epochs, outcome,
            edge, printf('%!.17g', score) FROM tuning JOIN run USING(run_id) ORDER BY 1" &&
        "$L" query --home "$1" --format csv \
            "SELECT run_key, trial FROM sweep_run JOIN run USING(run_id) ORDER BY 1" &&
        curves "$1" ""
}
curves() {
    "$L" query --home "$1" --format csv "SELECT run_key, split, metric, step,
        printf('%!.17g', value) FROM curves WHERE run_key LIKE '$2%' ORDER BY 1, 2, 3, 4"
}

"$L" sweep "$S" --home "$T/a" -j 2 --no-calibrate 2>"$T/log" || die "undisturbed: $(cat "$T/log")"
everything "$T/a" >"$T/a.csv" || die "no results"
[ "$(count "$T/a" "SELECT count(DISTINCT rung) FROM tuning")" -ge 3 ] || die "no three rungs"
[ "$(count "$T/a" "SELECT count(*) FROM sweep_run JOIN run USING(run_id) WHERE state = 'done'")" = 4 ] ||
    die "what is reported is not done"
[ "$(count "$T/a" "SELECT count(*) FROM run r WHERE state = 'done' AND NOT EXISTS (SELECT 1
    FROM sweep_run s WHERE s.run_id = r.run_id) AND NOT EXISTS (SELECT 1 FROM tuning t
    WHERE t.run_id = r.run_id AND outcome IN ('lost', 'chosen'))")" = 0 ] ||
    die "a stopped trial was trained to its end"
[ -z "$(ls "$T/a/ckpt")" ] || die "checkpoints left: $(ls "$T/a/ckpt")"

# A trial that was paused twice has the bits of a run that was not.
set -- $("$L" query --home "$T/a" --format csv "SELECT r.run_key, r.rank, r.lr, r.seed FROM tuning t
    JOIN run r USING(run_id) WHERE outcome = 'chosen' AND r.attempts > 2 ORDER BY 1 LIMIT 1" |
    tail -n 1 | tr ',' ' ')
[ $# = 4 ] || die "no chosen trial was paused"
"$L" run "$S" rank="$2" lr="$3" seed="$4" --home "$T/one" >"$T/out" 2>"$T/log" ||
    die "one run: $(cat "$T/log")"
curves "$T/a" "$1" >"$T/paused.csv"
curves "$T/one" "$1" >"$T/whole.csv"
[ "$(wc -l <"$T/whole.csv")" -gt 50 ] || die "not the same run"
cmp "$T/paused.csv" "$T/whole.csv" || die "a paused run differs from a whole one"
(cd "$T/a/adapters" && find ./"$(echo "$1" | cut -c 1-16)" -type f | sort | xargs sha256sum) >"$T/x"
(cd "$T/one/adapters" && find . -type f | sort | xargs sha256sum) >"$T/y"
[ -s "$T/x" ] && cmp "$T/x" "$T/y" || die "adapters differ: $(cat "$T/x" "$T/y")"

# Nothing is repeated.
before=$(count "$T/a" "SELECT count(*) FROM attempt")
"$L" sweep "$S" --home "$T/a" --no-calibrate 2>"$T/log" || die "again: $(cat "$T/log")"
grep -q 'all 4 runs done' "$T/log" || die "again says: $(cat "$T/log")"
[ "$(count "$T/a" "SELECT count(*) FROM attempt")" = "$before" ] || die "a run was repeated"
everything "$T/a" | cmp - "$T/a.csv" || die "a second sweep changed something"

attempts() {
    n=$(count "$1" "SELECT count(*) FROM attempt" 2>/dev/null)
    echo "${n:-0}"
}
began() { ended "$3" || [ "$(attempts "$1")" -gt "$2" ]; }
alone() { ! grep -aqs -- "${1%/*}[/]${1##*/}" /proc/[0-9]*/cmdline; }

i=0
while [ $i -lt 16 ]; do
    before=$(attempts "$T/b")
    "$L" sweep "$S" --home "$T/b" -j 2 --no-calibrate 2>"$T/log" &
    p=$!
    wait_for began "$T/b" $((before + i % 4)) $p
    sleep 0.0$((i * 7 % 10))
    kids=$(cat /proc/$p/task/$p/children 2>/dev/null)
    case $((i % 4)) in
    0) kill -9 $p $kids 2>/dev/null ;;
    1) kill -TERM $p 2>/dev/null ;;
    2) kill -INT $p 2>/dev/null ;;
    3) kill -9 $p 2>/dev/null ;;
    esac
    wait $p
    rc=$?
    case $rc in 0 | 130 | 143 | 137) ;; *) die "round $i ended with $rc: $(cat "$T/log")" ;; esac
    [ $rc != 0 ] || [ "$(count "$T/b" "SELECT count(*) FROM sweep_run JOIN run USING(run_id)
        WHERE state = 'done'")" = 4 ] || die "status 0 with work left"
    i=$((i + 1))
done
wait_for alone "$T/b"
# A limit ends with status 0, although something is left.
"$L" sweep "$S" --home "$T/b" -j 2 --no-calibrate --limit 1 2>"$T/log" ||
    "$L" sweep "$S" --home "$T/b" -j 2 --no-calibrate --limit 1 --retry failed 2>"$T/log" ||
    die "limit: $(cat "$T/log")"
"$L" sweep "$S" --home "$T/b" -j 2 --no-calibrate 2>"$T/log" ||
    "$L" sweep "$S" --home "$T/b" -j 2 --no-calibrate --retry failed 2>"$T/log" ||
    die "last: $(cat "$T/log")"
everything "$T/b" >"$T/b.csv" || die "no results"
[ "$(wc -l <"$T/a.csv")" -gt 2000 ] || die "too few numbers: $(wc -l <"$T/a.csv")"
cmp "$T/a.csv" "$T/b.csv" || die "results differ"
[ -z "$(ls "$T/b/ckpt")" ] || die "checkpoints left: $(ls "$T/b/ckpt")"
[ "$(attempts "$T/b")" -gt "$(attempts "$T/a")" ] || die "no run was ever interrupted"

# What a sweep, a plan, and the tables say of the stages.
"$L" sweep "$S" --home "$T/c" -j 2 --no-calibrate --limit 5 2>"$T/log" || die "5: $(cat "$T/log")"
"$L" status --home "$T/c" >"$T/out" 2>&1 || die "status: $(cat "$T/out")"
grep -q '0 of 2 arms' "$T/out" || die "status: $(cat "$T/out")"
"$L" status --home "$T/a" >"$T/out" 2>&1 || die "status: $(cat "$T/out")"
grep -q 'complete' "$T/out" || die "status: $(cat "$T/out")"
! grep -q 'outside' "$T/out" || die "trials count as runs of no study: $(cat "$T/out")"
"$L" plan "$S" --home "$T/c" --no-calibrate >"$T/out" 2>"$T/log" || die "plan: $(cat "$T/log")"
grep -q '384 epochs, of which halving leaves 208 (54 %)' "$T/out" || die "plan: $(cat "$T/out")"
"$L" query trials study=tuned --home "$T/a" --format csv >"$T/out" || die "trials"
[ "$(grep -c ',stopped,' "$T/out")" -ge 6 ] && [ "$(grep -c ',chosen,' "$T/out")" = 2 ] ||
    die "trials: $(cat "$T/out")"
[ "$("$L" table study study=tuned --home "$T/a" --format csv | wc -l)" = 3 ] || die "table"

# The script that replays halving on the curves of a full grid chooses what the search chose.
for h in true false; do
    sed "s/halving: true/halving: $h/; s/extend: 1/extend: 0/; s/study: tuned/study: r$h/" "$S" \
        >"$T/r.yaml"
    "$L" sweep "$T/r.yaml" epochs=8 --home "$T/r$h" -j 2 --no-calibrate -q 2>"$T/log" ||
        die "halving $h: $(cat "$T/log")"
done
python3 "$here/../../ablations/halving_replay.py" "$T/rfalse/lowrank.db" >"$T/out" ||
    die "replay: $(cat "$T/out")"
[ "$(grep -c ' 6 trials,  8 epochs:  54 % of the epochs' "$T/out")" = 2 ] ||
    die "replay: $(cat "$T/out")"
best=$(count "$T/rfalse" "SELECT group_concat(lr, ' ') FROM (SELECT lr FROM study_tuning
    WHERE outcome = 'chosen' ORDER BY rank)")
for lr in $(count "$T/rtrue" "SELECT group_concat(lr, ' ') FROM (SELECT lr FROM study_tuning
    WHERE outcome = 'chosen' ORDER BY rank)"); do
    if [ "${best%% *}" = "$lr" ]; then
        grep -q 'the same choice' "$T/out" || die "chose $lr of $best: $(cat "$T/out")"
    else
        grep -qF "[$lr] for [${best%% *}]" "$T/out" || die "chose $lr of $best: $(cat "$T/out")"
    fi
    best=${best#* }
done

# So does the query, which replays halving in SQL.
"$L" query halving --home "$T/rfalse" --format csv >"$T/halving.csv" || die "query halving"
[ "$(grep -c ',6,8,2,26,48,' "$T/halving.csv")" = 2 ] || die "halving: $(cat "$T/halving.csv")"
for lr in $(count "$T/rtrue" "SELECT group_concat(trial, ' ') FROM (SELECT DISTINCT rank, trial
    FROM study_tuning WHERE outcome = 'chosen' ORDER BY rank)" | tr -d '"'); do
    tr -d '"' <"$T/halving.csv" | sed -n 's/.*,26,48,[^,]*,\([^,]*\),.*/\1/p' | grep -qxF "$lr" ||
        die "halving chose $lr: $(cat "$T/halving.csv")"
done

# A selection split chooses among the trials, not dev, which is reported.
"$L" sweep "$S" rank=1 epochs=2 select=0.25 --home "$T/e" -j 2 --no-calibrate -q 2>"$T/log" ||
    die "select: $(cat "$T/log")"
[ "$(count "$T/e" "SELECT count(*) FROM tuning t JOIN run r USING(run_id) WHERE outcome = 'chosen'
    AND score = (SELECT max(value) FROM metric m JOIN metric_name n USING(metric_id)
    WHERE m.run_id = t.run_id AND split = 'select' AND n.name = 'accuracy')")" = 2 ] ||
    die "a trial is not judged on the selection split"

# The plan says which seeds tune and which are reported; a seed that does both is warned of.
"$L" plan "$S" --home "$T/p" --no-calibrate >"$T/out" 2>"$T/log" || die "plan: $(cat "$T/log")"
tr -s '\n ' ' ' <"$T/out" | grep -q 'the tuning seeds 1001, 1002, .*; the seeds 1, 2 are reported' ||
    die "plan says: $(cat "$T/out")"
! grep -q 'reported as well' "$T/log" || die "warned: $(cat "$T/log")"
sed 's/extend: 1/extend: 1, seeds: [7, 2]/' "$S" >"$T/shared.yaml"
"$L" plan "$T/shared.yaml" --home "$T/p" --no-calibrate >"$T/out" 2>"$T/log" ||
    die "shared seeds: $(cat "$T/log")"
grep -q 'reported as well (2)' "$T/log" || die "shared seeds: $(cat "$T/log")"

# A word for the searched key ends the search.
[ "$("$L" sweep "$S" --home "$T/d" lr=1e-2 --no-calibrate 2>&1 | grep -c 'all 4 runs')" = 1 ] ||
    die "a word for lr"
exit 0
