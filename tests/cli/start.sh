#!/bin/sh
# Training that begins with an adapter (init_from): of a run's key, of its folder; what does not fit is refused by plan,
# sweep and run alike before anything runs.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
base="model=$T/model task=$T/toy.yaml steps=8 batch=8"

"$L" run $base method=lora rank=2 seed=1 >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
key=$(ls "$LOWRANK_HOME/adapters")
A="$LOWRANK_HOME/adapters/$key"

# The key, its folder and the checkpoint in it hold the same numbers, so they are one run: which is another than without.
for from in "$key" "$A" "$A/last"; do
    "$L" run $base method=lora rank=2 seed=2 "init_from=$from" >/dev/null 2>"$T/log" || die "init_from=$from: $(cat "$T/log")"
done
"$L" run $base method=lora rank=2 seed=2 >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT count(*) || ' ' || count(DISTINCT f.value) FROM run JOIN final f USING (run_key)
    WHERE run.seed = 2 AND f.which = 'test' AND f.metric = 'loss'")" = "2 2" ] || die "not one run with init_from and one without"

# refused COMMAND TEXT KEYS... - in one line, and no run is added
refused() {
    command=$1
    text=$2
    shift 2
    runs=$(count "$LOWRANK_HOME" "SELECT count(*) FROM run")
    "$L" $command "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 2 ] || [ $rc = 3 ] || die "$command $*: exit $rc: $(cat "$T/log")"
    grep -q -- "$text" "$T/log" || die "$command $*: $(cat "$T/log")"
    [ "$(grep -vc '^$' "$T/log")" = 1 ] || die "$command $*: more than one line: $(cat "$T/log")"
    [ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM run")" = "$runs" ] || die "$command $*: a run was added"
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
refused run "holds an adapter of the method 'lora'; the model has 'ft'" $base method=ft "init_from=$key"
refused run "lacks the tensor" $base method=lora rank=2 targets=q,v,o "init_from=$key"
refused run "no run in" $base method=lora rank=2 init_from=0123456789abcdef
refused run "cannot read .*adapter_model" $base method=lora rank=2 "init_from=$T"

# merge takes the run's folder, too.
"$L" merge "$T/model" "$A" "$T/merged" >"$T/out" 2>"$T/log" || die "merge: $(cat "$T/log")"
exit 0
