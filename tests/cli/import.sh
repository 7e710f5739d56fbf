#!/bin/sh
# "import": the adapters of runs, imported as if another program had written them, give the analyses
# the same numbers as the runs themselves; what is no such adapter is refused and nothing is stored.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home" OPENBLAS_NUM_THREADS=1
is() { v=$(count "$LOWRANK_HOME" "$1"); [ "$v" = "$2" ] || die "$1: $v, not $2"; }
# refused STATUS TEXT WORD... - "lowrank import WORD..." ends so, with one line
refused() {
    want=$1 text=$2
    shift 2
    "$L" import "$@" --pooling cls >"$T/out" 2>"$T/err"
    rc=$?
    [ $rc = "$want" ] || die "import $*: status $rc: $(cat "$T/err")"
    grep -q -- "$text" "$T/err" || die "import $*: no '$text' in: $(cat "$T/err")"
    [ "$(wc -l <"$T/err")" = 1 ] || die "import $*: not one line: $(cat "$T/err")"
}
ablate() {
    "$L" ablate "$@" >"$T/out" 2>"$T/err" || die "ablate $*: $(cat "$T/err")"
}

cat >"$T/own.yaml" <<EOF
study: own
base: {model: $T/model, task: $T/toy.yaml, lr: 5e-3, batch: 16, epochs: 2, targets: [q, v]}
axes: {rank: [4, 8]}
seeds: 2
EOF
"$L" sweep "$T/own.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/err" || die "sweep: $(cat "$T/err")"

# Each adapter, without the record by which lowrank knows its own.
"$L" query "SELECT run_key || ' ' || seed || ' ' || rank FROM runs" --format csv | sed 1d >"$T/runs"
[ "$(wc -l <"$T/runs")" = 4 ] || die "not four runs: $(cat "$T/runs")"
while read -r key seed rank; do
    from=$(echo "$LOWRANK_HOME/adapters/$(echo "$key" | cut -c 1-16)"/last)
    mkdir -p "$T/foreign/$rank-$seed"
    cp "$from/adapter_config.json" "$from/adapter_model.safetensors" "$T/foreign/$rank-$seed"
    "$L" import "$T/foreign/$rank-$seed" --model "$T/model" --task "$T/toy.yaml" --seed "$seed" \
        --pooling cls >"$T/key-$rank-$seed" 2>"$T/err" || die "import: $(cat "$T/err")"
done <"$T/runs"
for study in own imported; do
    ablate amplify --study $study --ranks 4,8
    ablate subspace --study $study --ranks 4,8
    ablate intruder --study $study --methods lora
    ablate weights --study $study --ranks 4,8
done
is "SELECT count(*) > 500 AND max(abs(a.value - b.value)) < 1e-12
    FROM analyses a JOIN analyses b USING (kind, settings, layer, proj, i, j, name)
    WHERE a.study = 'own' AND b.study = 'imported' AND a.rank IS b.rank AND a.seed IS b.seed
    AND a.rank_b IS b.rank_b AND a.seed_b IS b.seed_b" 1
is "SELECT count(*) FROM (SELECT kind, count(*) AS n FROM analyses WHERE study = 'own' GROUP BY kind
    EXCEPT SELECT kind, count(*) FROM analyses WHERE study = 'imported' GROUP BY kind)" 0

# The same folder is the same run; another alpha or another seed is another one.
first=$(cat "$T/key-8-1")
again() {
    "$L" import "$@" --pooling cls --model "$T/model" --task "$T/toy.yaml" 2>"$T/err" || die "$*: $(cat "$T/err")"
}
[ "$(again "$T/foreign/8-1")" = "$first" ] || die "the same adapter has another key"
is "SELECT count(*) FROM runs WHERE study = 'imported' AND state = 'done'" 4
[ "$(again "$T/foreign/8-1" --seed 7)" != "$first" ] || die "another seed has the same key"
cp -r "$T/foreign/8-1" "$T/other"
sed -i 's/"lora_alpha": *[0-9.]*/"lora_alpha": 99/' "$T/other/adapter_config.json"
[ "$(again "$T/other" --study more)" != "$first" ] || die "another alpha has the same key"
is "SELECT alpha FROM runs WHERE study = 'more'" 99

# The key stands for the folder, also after the folder is gone.
printf 'cat w1\nrun w2 w3\n' >"$T/texts"
"$L" logits "$T/model" --adapter "$T/foreign/8-1" <"$T/texts" >"$T/a" 2>"$T/err" ||
    die "logits: $(cat "$T/err")"
command=$("$L" show "$first" | grep '^lowrank import ') || die "show prints no command"
mv "$T/foreign/8-1" "$T/away"
"$L" logits "$T/model" --adapter "$first" <"$T/texts" >"$T/b" 2>"$T/err" ||
    die "logits of the key: $(cat "$T/err")"
cmp -s "$T/a" "$T/b" || die "the key computes something else than the folder"
"$L" verify >"$T/out" 2>&1 || die "verify: $(cat "$T/out")"
rm -r "$LOWRANK_HOME/adapters/$first"*
mv "$T/away" "$T/foreign/8-1"
eval "\"$L\"${command#lowrank}" >"$T/out" 2>"$T/err" || die "$command: $(cat "$T/err")"
[ "$(cat "$T/out")" = "$first" ] || die "'$command' imports something else"
"$L" verify >"$T/out" 2>&1 || die "verify: $(cat "$T/out")"

# Refused, and nothing is stored.
refused 2 "which model" "$T/foreign/4-1"
refused 2 "trained here" "$T/foreign/4-1" --model "$T/model" --study own
refused 2 "unknown task 'nothing'" "$T/foreign/4-1" --model "$T/model" --task nothing
refused 2 "a run of this store" "$first" --model "$T/model"
mkdir "$T/empty"
refused 3 "adapter" "$T/empty" --model "$T/model" --study bad
echo '{}' >"$T/empty/adapter_config.json"
refused 3 "has no adapter_model.safetensors" "$T/empty" --model "$T/model" --study bad
mkdir "$T/wide"
python3 "$(dirname "$0")/tiny.py" "$T/wide" 64 || die "tiny.py 64"
refused 3 "was trained on other weights" "$T/foreign/4-1" --model "$T/wide/model" --study bad
cp -r "$T/foreign/4-1" "$T/narrow"
sed -i 's/"r": *4/"r": 2/' "$T/narrow/adapter_config.json"
refused 3 "has the shape" "$T/narrow" --model "$T/model" --study bad
cp -r "$T/foreign/4-1" "$T/short"
head -c 3000 "$T/foreign/4-1/adapter_model.safetensors" >"$T/short/adapter_model.safetensors"
refused 3 "adapter_model.safetensors" "$T/short" --model "$T/model" --study bad
is "SELECT count(*) FROM sweep WHERE name = 'bad'" 0
