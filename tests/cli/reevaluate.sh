#!/bin/sh
# Stored adapters scored on another split: the numbers have the bits of a run that reported that split
# itself, are kept, are never computed twice, and are refused when an input has changed.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
base="model=$T/model task=$T/toy.yaml epochs=4 batch=8 lr=0.05 pool_scale=4"

# values_of WHICH CONDITION - metric and value with all digits, of runs' results
values_of() {
    "$L" query --format csv "SELECT m.name AS metric, printf('%!.17g', x.value) AS v FROM result x
        JOIN metric_name m USING (metric_id) JOIN run r USING (run_id)
        WHERE x.which = '$1' AND m.name <> 'loss' AND $2 ORDER BY 1"
}
scored() {
    "$L" query --format csv "SELECT metric, printf('%!.17g', value) AS v FROM evaluations
        WHERE metric <> 'loss' AND $1 ORDER BY 1"
}

# Dev chooses in both; one reports dev, the other test, so they train alike.
for method in lora dora adalora ft; do
    "$L" run $base method=$method >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
    "$L" run $base method=$method report=test >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
    plain=$(count "$LOWRANK_HOME" "SELECT run_key FROM run WHERE method = '$method' AND NOT apart")
    "$L" reevaluate "$plain" >"$T/out" 2>"$T/log" || die "reevaluate: $(cat "$T/log")"
    grep -q '1 run scored, 0 had been before' "$T/log" || die "$(cat "$T/log")"
    values_of chosen "r.method = '$method' AND r.apart" >"$T/want"
    scored "run_key = '$plain' AND split = 'test' AND n = 0" >"$T/have"
    [ "$(wc -l <"$T/want")" -ge 2 ] || die "$method: nothing was reported"
    cmp -s "$T/want" "$T/have" || die "$method: $(cat "$T/want") differs from $(cat "$T/have")"
done
[ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM evaluation e
    JOIN evaluation_prediction p USING (evaluation_id) JOIN run a USING (run_id)
    JOIN run b ON b.method = a.method AND b.apart
    JOIN prediction q ON q.run_id = b.run_id AND q.split = 'test' AND q.example = p.example
    WHERE q.output = p.output AND q.label = p.label")" = \
    "$(count "$LOWRANK_HOME" "SELECT count(*) FROM prediction JOIN run USING (run_id)
        WHERE apart AND split = 'test'")" ] || die "the predictions differ"

# What is there is not computed again: nothing changes, not even the time.
before=$(count "$LOWRANK_HOME" "SELECT group_concat(evaluation_id || ' ' || at) FROM evaluation")
"$L" reevaluate "$plain" >"$T/again" 2>"$T/log" || die "again: $(cat "$T/log")"
grep -q '0 runs scored, 1 had been before' "$T/log" || die "again: $(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT group_concat(evaluation_id || ' ' || at) FROM evaluation")" = \
    "$before" ] || die "it was computed again"
cmp -s "$T/out" "$T/again" || die "another table: $(cat "$T/again")"

# A part of dev, and the parameters of the last evaluation, which has its own numbers.
"$L" reevaluate "$plain" split=dev adapter=last >/dev/null 2>"$T/log" || die "$(cat "$T/log")"
values_of last "r.run_key = '$plain'" >"$T/want"
scored "run_key = '$plain' AND split = 'dev' AND adapter = 'last'" >"$T/have"
cmp -s "$T/want" "$T/have" || die "last: $(cat "$T/want") differs from $(cat "$T/have")"
"$L" reevaluate "$plain" split=dev n=5 >/dev/null 2>"$T/log" || die "$(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT examples FROM evaluation WHERE n = 5")" = 5 ] || die "n=5"

# A study: the best trial of each cell; one run has no adapter any more, the others are kept.
cat >"$T/two.yaml" <<END
study: two
base: {model: $T/model, task: $T/toy.yaml, epochs: 1, batch: 8, select: 0.25}
axes: {rank: [1, 2]}
nuisance: {lr: [1e-3, 1e-2]}
seeds: 2
END
"$L" sweep "$T/two.yaml" -j 1 --no-calibrate >/dev/null 2>"$T/log" || die "sweep: $(cat "$T/log")"
gone=$(count "$LOWRANK_HOME" "SELECT max(r.run_key) FROM study_cells c JOIN run r USING (cell_key)
    WHERE c.study = 'two' AND c.rank = 2 AND r.seed = 2")
mv "$LOWRANK_HOME/adapters/$(echo "$gone" | cut -c1-16)" "$T/gone"
"$L" reevaluate two split=test >"$T/out" 2>"$T/log"
rc=$?
[ $rc = 3 ] && grep -q "the adapter of run $(echo "$gone" | cut -c1-8) is not in" "$T/log" ||
    die "exit $rc: $(cat "$T/log")"
mv "$T/gone" "$LOWRANK_HOME/adapters/$(echo "$gone" | cut -c1-16)"
"$L" reevaluate two split=test >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q '1 run scored, 3 had been before' "$T/log" || die "$(cat "$T/log")"
[ "$(grep -c accuracy "$T/out")" = 2 ] && grep -q '(2)' "$T/out" || die "table: $(cat "$T/out")"

# refused STATUS TEXT WORDS... - one line, and nothing is stored
refused() {
    want=$1 text=$2
    shift 2
    n=$(count "$LOWRANK_HOME" "SELECT count(*) FROM evaluation")
    "$L" reevaluate "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = "$want" ] && grep -q -- "$text" "$T/log" && [ "$(grep -vc '^$' "$T/log")" = 1 ] ||
        die "$*: exit $rc: $(cat "$T/log")"
    [ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM evaluation")" = "$n" ] || die "$*: stored"
}
refused 2 "'tow' is neither a study nor the key" tow
refused 2 "'split' must be dev or test, not 'train'" two split=train
refused 2 "'n' must be a whole number" two n=many
refused 2 "'adapter' must be chosen or last" two adapter=best
refused 2 "unknown word 'spilt'.*'split'" two spilt=dev
# Claims about a study read these numbers once every run that they compare has them.
cat >"$T/alpha.yaml" <<END
study: alpha
base: {model: $T/model, task: $T/toy.yaml, epochs: 1, batch: 8, targets: [q, v], lr: 1e-2}
axes: {alpha: [1, 8]}
seeds: 3
END
"$L" sweep "$T/alpha.yaml" --no-calibrate >/dev/null 2>"$T/log" || die "alpha: $(cat "$T/log")"
metric() {
    "$L" claims alpha_value --format csv | python3 -c 'import csv, sys
for r in csv.DictReader(sys.stdin): print(r["metric"], r["n_examples"])'
}
[ "$(metric)" = "last accuracy $(($(wc -l <"$T/data/toy/dev.tsv") - 1))" ] ||
    die "claims before: $(metric)"
"$L" reevaluate alpha >/dev/null 2>"$T/log" || die "alpha: $(cat "$T/log")"
[ "$(metric)" = "reevaluated test accuracy $(($(wc -l <"$T/data/toy/test.tsv") - 1))" ] ||
    die "claims after: $(metric)"

printf 'one more\tA\n' >>"$T/data/toy/dev.tsv"
refused 3 "run $(echo "$plain" | cut -c1-8) cannot be scored: its model, task or data files" \
    "$plain" n=7
echo "reevaluate: ok"
