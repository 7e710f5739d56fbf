#!/bin/sh
# Training that starts from an adapter (init_from), named by its run's key or by its folder. plan,
# sweep, and run refuse an adapter that does not fit before anything runs.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
base="model=$T/model task=$T/toy.yaml steps=8 batch=8"

"$L" run $base method=lora rank=2 seed=1 >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
key=$(ls "$LOWRANK_HOME/adapters")
A="$LOWRANK_HOME/adapters/$key"

# The key, the folder, and the checkpoint in it name the same values, so they are one run; without
# init_from it is another run.
for from in "$key" "$A" "$A/last"; do
    "$L" run $base method=lora rank=2 seed=2 "init_from=$from" >/dev/null 2>"$T/log" ||
        die "init_from=$from: $(cat "$T/log")"
done
"$L" run $base method=lora rank=2 seed=2 >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT count(*) || ' ' || count(DISTINCT f.value)
    FROM run JOIN final f USING (run_key)
    WHERE run.seed = 2 AND f.which = 'test' AND f.metric = 'loss'")" = "2 2" ] ||
        die "not one run with init_from and one without"

# refused COMMAND TEXT KEYS... - the command fails with one line, and no run is added.
refused() {
    command=$1
    text=$2
    shift 2
    runs=$(count "$LOWRANK_HOME" "SELECT count(*) FROM run")
    "$L" $command "$@" -q >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 2 ] || [ $rc = 3 ] || die "$command $*: exit $rc: $(cat "$T/log")"
    grep -q -- "$text" "$T/log" || die "$command $*: $(cat "$T/log")"
    [ "$(grep -vc '^$' "$T/log")" = 1 ] || die "$command $*: more than one line: $(cat "$T/log")"
    [ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM run")" = "$runs" ] ||
        die "$command $*: a run was added"
}
cat >"$T/start.yaml" <<END
study: start
base: {model: $T/model, task: $T/toy.yaml, steps: 8, batch: 8, init_from: $A}
axes: {rank: [2, 3]}
seeds: 2
END
shape="has the shape \[2, .*the model needs \[3, "
refused run "$shape" $base method=lora rank=3 "init_from=$key"
refused plan "$shape" "$T/start.yaml"
refused sweep "$shape" "$T/start.yaml" -j 1
refused run "holds an adapter of the method 'lora'; the model has 'ft'" \
    $base method=ft "init_from=$key"
refused run "lacks the tensor" $base method=lora rank=2 targets=q,v,o "init_from=$key"
refused run "no run in" $base method=lora rank=2 init_from=0123456789abcdef
refused run "there is no adapter_model.safetensors" $base method=lora rank=2 "init_from=$T"

# Weights of the same shapes, but not those that the adapter was trained on: for a run the store
# knows them, and the folder of an adapter names its base model.
cp -r "$T/model" "$T/model2"
printf 'w' | dd of="$T/model2/model.safetensors" bs=1 seek=60000 conv=notrunc 2>"$T/log"
other="model=$T/model2 task=$T/toy.yaml steps=8 batch=8"
for from in "$key" "$A"; do
    text="'init_from': adapter '$from' was trained on other weights than those of '.*model2'"
    text="$text.* those of '.*model'"
    refused run "$text" $other method=lora rank=2 "init_from=$from"
    sed "s,init_from: .*},init_from: $from},; s,/model\>,/model2," "$T/start.yaml" >"$T/start2.yaml"
    refused plan "$text" "$T/start2.yaml" rank=2
done
cp -r "$A/last" "$T/nowhere"
sed -i 's/"base_model_name_or_path": "[^"]*"/"base_model_name_or_path": "some\/base"/' \
    "$T/nowhere/adapter_config.json"
"$L" run $other method=lora rank=2 "init_from=$T/nowhere" >/dev/null 2>"$T/log" ||
    die "init_from=nowhere: $(cat "$T/log")"
note="neither the store nor its folder says which weights adapter '$T/nowhere' was trained on"
grep -q "$note" "$T/log" || die "no note: $(cat "$T/log")"

# merge takes the run's folder, too, and other weights only with --force.
"$L" merge "$T/model" "$A" "$T/merged" >"$T/out" 2>"$T/log" || die "merge: $(cat "$T/log")"
"$L" merge "$T/model2" "$A" "$T/other" >"$T/out" 2>"$T/log"
rc=$?
[ $rc = 3 ] && grep -q "trained on other weights.*--force" "$T/log" && [ ! -e "$T/other" ] ||
    die "merge of another base: exit $rc, $(cat "$T/log")"
"$L" merge "$T/model2" "$A" "$T/other" --force >"$T/out" 2>"$T/log" ||
    die "merge --force: $(cat "$T/log")"
grep -q "trained on other weights" "$T/log" || die "merge --force: no warning"

# Several methods on one model: those that train the weights themselves can be merged; those that
# add something to the forward pass cannot.
# key_of METHOD - of its run
key_of() {
    count "$LOWRANK_HOME" "SELECT substr(run_key, 1, 16) FROM run
        WHERE json_extract(config, '$.method') = '$1'"
}
for method in ft+lora bitfit+lora; do
    "$L" run $base method=$method rank=2 seed=3 lr=1e-3 >/dev/null 2>"$T/log" ||
        die "$method: $(cat "$T/log")"
    key=$(key_of "$method")
    "$L" merge "$T/model" "$key" "$T/merged-$method" >"$T/out" 2>"$T/log" ||
        die "merge of $method: $(cat "$T/out" "$T/log")"
    grep -q "weights without the update" "$T/out" || die "merge of $method: $(cat "$T/out")"
done
"$L" run $base method=lora+adapter-h rank=2 >/dev/null 2>"$T/log" ||
    die "lora+adapter-h: $(cat "$T/log")"
key=$(key_of adapter-h+lora)
refused merge "'adapter-h+lora' cannot be merged into the weights because of 'adapter-h'" \
    "$T/model" "$key" "$T/none"
printf 'axes: {method: [lora, lora+adapter-h, ft]}\nseeds: 1\nbase: {model: %s, task: %s}\n' \
    "$T/model" "$T/toy.yaml" >"$T/three.yaml"
"$L" plan "$T/three.yaml" --no-calibrate >/dev/null 2>"$T/log" || die "plan: $(cat "$T/log")"
grep -q "adapters of the method 'adapter-h' cannot be merged" "$T/log" || die "plan: $(cat "$T/log")"
"$L" list methods --format csv | grep -q '^adapter-h,.*,no,rank ' || die "list methods: adapter-h"
"$L" list methods --format csv | grep -q '^ft,.*,yes,' || die "list methods: ft"

# best:STUDY is the best run of a finished study. Until it is finished, nothing of the second study is
# planned; afterwards the run that is found is what the second study records, so that it resumes.
cat >"$T/first.yaml" <<END
study: first
base: {model: $T/model, task: $T/toy.yaml, batch: 8, epochs: 2, rank: 2, lr: 5e-3}
seeds: 3
END
cat >"$T/second.yaml" <<END
study: second
base: {model: $T/model, task: $T/toy.yaml, steps: 4, batch: 8, rank: 2}
axes: {init_from: [none, 'best:first']}
seeds: 2
END
expect 1 "no study 'first' to start from: lowrank sweep first" "$L" plan "$T/second.yaml"
"$L" sweep "$T/first.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/log" || die "first: $(cat "$T/log")"
python3 - "$LOWRANK_HOME/lowrank.db" <<'END' || die "one run queued again"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE run SET state = 'queued' WHERE run_id = (SELECT max(run_id) FROM run)")
db.commit()
END
expect 1 "1 runs or searches of study 'first' are unfinished" "$L" plan "$T/second.yaml"
"$L" sweep "$T/first.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/log" || die "first: $(cat "$T/log")"
for again in 1 2; do
    "$L" sweep "$T/second.yaml" -j 2 --no-calibrate >"$T/out" 2>"$T/log" ||
        die "second: $(cat "$T/log")"
done
python3 - "$LOWRANK_HOME/lowrank.db" <<'END' || die "not the best run of the first study"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
runs = db.execute("SELECT run_key, best FROM runs WHERE study = 'first'").fetchall()
assert len(runs) == 3 and len({best for _, best in runs}) > 1, runs
best = min(runs, key=lambda r: (-r[1], r[0]))[0][:16]
got = db.execute("SELECT init_from, count(*), count(DISTINCT seed), sum(attempts) FROM runs"
                 " WHERE study = 'second' AND state = 'done' GROUP BY init_from"
                 " ORDER BY init_from").fetchall()
assert got == [(None, 2, 2, 2), (best, 2, 2, 2)], (best, got)
END
