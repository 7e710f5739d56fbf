#!/bin/sh
# Analyses on a tiny model, with known answers: latency, features, forgetting and matrices.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home" OPENBLAS_NUM_THREADS=1
ablate() { "$L" ablate "$@" >"$T/out" 2>"$T/err" || die "ablate $*: $(cat "$T/err")"; }
refused() { # CODE TEXT ARGS
    code=$1; text=$2; shift 2
    "$L" ablate "$@" >"$T/out" 2>"$T/err"
    [ $? = "$code" ] && grep -q "$text" "$T/err" && [ "$(wc -l <"$T/err")" = 1 ] ||
        die "ablate $*: $(cat "$T/err")"
}
is() { v=$(count "$LOWRANK_HOME" "$1"); [ "$v" = "$2" ] || die "$1: $v, not $2"; }

# latency needs no runs. Every model is timed at every batch and length, relative to the base model.
refused 4 "lowrank sweep" features
refused 2 "did you mean 'tiny'" latency --geometry tinny
refused 2 "'batches' must be" latency --geometry tiny --batches 1,0
refused 2 "from 1 to 512" latency --geometry tiny --lengths 513
refused 2 "'rounds'" latency --geometry tiny --rounds 0
ablate latency --geometry tiny --batches 4,1 --lengths 8,32 --seconds 0.01
is "SELECT count(*) FROM (SELECT DISTINCT i, j FROM analysis WHERE kind = 'latency' AND i > 0)" 4
is "SELECT count(DISTINCT proj) * 4 - count(*) FROM analysis WHERE name = 'ms' AND value > 0" 0
is "SELECT count(*) FROM analysis WHERE name = 'to_base' AND proj = 'base' AND value <> 1" 0
is "SELECT count(DISTINCT proj) > 2 FROM analysis WHERE kind = 'latency'" 1
# Every model has a ratio in each of five rounds; the result is their median.
is "SELECT count(DISTINCT proj) * 4 * 5 - count(*) FROM analysis WHERE name = 'to_base_round'
    AND run_a = 0 AND run_b BETWEEN 1 AND 5" 0
is "SELECT count(*) FROM (SELECT 1 FROM analysis m JOIN analysis r USING (proj, i, j)
    WHERE m.name = 'to_base'
    AND r.name = 'to_base_round' GROUP BY proj, i, j HAVING sum(r.value < m.value) > 2
    OR sum(r.value > m.value) > 2)" 0
is "SELECT count(DISTINCT value) > 1 FROM analysis WHERE name = 'to_base_round' AND proj = 'merged'
    AND i = 1 AND j = 8" 1
# LoRA of rank 16 on q and v: 2 layers, 2 matrices, 2 d r
is "SELECT value FROM analysis WHERE name = 'parameters'
    AND proj = 'lora'" "$((2 * 2 * 2 * 64 * 16))"
"$L" table latency study=tiny --format csv | grep -q '^tiny,merged,1,8,' || die "table latency"
"$L" table latency study=tiny --format csv | grep -q '^tiny,merged,1,8,0,.* (5),' ||
    die "rounds in table latency"
"$L" query claim_latency of=merged --format csv | grep -q 'merged over base, batch 4' ||
    die "claim_latency"
ablate latency --geometry tiny --batches 1 --lengths 8 --seconds 0.01 --rounds 2
is "SELECT group_concat(n || settings, ' ') FROM (SELECT count(*) AS n, settings FROM analysis
    WHERE name = 'to_base_round'
    AND proj = 'lora' AND i = 1 AND j = 8 GROUP BY settings ORDER BY settings)" "5 2rounds=2"

cat >"$T/methods.yaml" <<EOF
study: methods
base: {model: $T/model, task: $T/toy.yaml, lr: 5e-3, batch: 8, epochs: 4, targets: [q, v],
       pooling: mean}
axes: {method: [head, lora, ft]}
seeds: 2
EOF
"$L" sweep "$T/methods.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/err" ||
    die "sweep: $(cat "$T/err")"

# features: training the head alone changes no features; LoRA changes all but the embeddings.
ablate features
is "SELECT count(*) FROM analyses WHERE kind = 'features' AND method = 'head' AND run_b = 0
    AND abs(value - 1) > 1e-9" 0
is "SELECT count(*) FROM analyses WHERE kind = 'features' AND method = 'lora' AND run_b = 0
    AND layer = 0 AND abs(value - 1) > 1e-9" 0
is "SELECT max(value) < 0.9999 FROM analyses WHERE name = 'cka' AND method IN ('lora', 'ft')
    AND run_b = 0 AND layer = 2" 1
is "SELECT count(*) FROM analysis WHERE kind = 'features' AND abs(value) > 1 + 1e-12" 0
# 6 runs before and after, 3 pairs of methods for each of 2 seeds, 3 pairs of seeds; 3 places and 3
# numbers each
is "SELECT count(*) FROM analysis WHERE kind = 'features'" $(((6 + 6 + 3) * 9))
is "SELECT count(*) FROM (SELECT value FROM analyses WHERE name = 'cka' AND layer = 2
    AND method_b = 'ft' AND method = 'head'
    EXCEPT SELECT value FROM analyses WHERE name = 'cka' AND layer = 2 AND run_b = 0
    AND method = 'ft')" 0
"$L" table features --format csv | grep -q '^.*,ft,2,2,0' || die "table features"
# Fewer runs give the same numbers again. Numbers with other settings are kept beside them; a table
# shows the newest settings, or those that are asked for.
ablate features --methods head,ft --task "$T/toy.yaml"
is "SELECT count(*) FROM analysis WHERE kind = 'features'" $(((6 + 6 + 3) * 9))
ablate features --methods head --n 8
is "SELECT group_concat(settings || '|' || newest, ' ') FROM (SELECT DISTINCT settings, newest
    FROM analysis
    WHERE kind = 'features' ORDER BY 1)" "|n=8 n=8|n=8"
[ "$("$L" table features --format csv | wc -l)" = 4 ] ||
    die "the newest settings are not the table's"
[ "$("$L" table features settings= --format csv | wc -l)" = 10 ] ||
    die "settings= does not show the usual ones"
"$L" query analysed kind=features --format csv | grep -q '^methods,features,n=8,27,2,20' ||
    die "query analysed"
refused 1 "has no runs of prefix" features --methods prefix
mv "$LOWRANK_HOME/adapters" "$T/gone"
refused 1 "lowrank show" features
key=$(sed 's/.*of run \([0-9a-f]*\) .*/\1/' "$T/err")
again=$("$L" show "$key" | grep '^lowrank run --again ') || die "show $key prints no command"
eval "\"$L\"${again#lowrank}" >"$T/out" 2>"$T/err" || die "$again: $(cat "$T/err")"
ls "$LOWRANK_HOME/adapters/$key"*/last/adapter_model.safetensors >/dev/null ||
    die "$again made no adapter"
rm -r "$LOWRANK_HOME/adapters"
mv "$T/gone" "$LOWRANK_HOME/adapters"

# Cells that differ only in a key that no column shows, here the learning rate, are kept apart.
cat >"$T/two.yaml" <<EOF
study: two
base: {model: $T/model, task: $T/toy.yaml, batch: 8, epochs: 1, method: lora, rank: 2,
       targets: [q, v], pooling: mean}
axes: {lr: [1e-3, 4e-3]}
seeds: 1
EOF
"$L" sweep "$T/two.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/err" || die "sweep: $(cat "$T/err")"
for a in features effective_rank intruder; do
    ablate $a --study two
    n=$("$L" table $a study=two --format csv | grep -o 'r = 2,* q,v, lr = 0.00[14]' | sort -u | wc -l)
    [ "$n" = 2 ] || die "alike in $a"
done
"$L" query fig_effective study=two --format csv | grep -q 'on q,v, lr = 0.004' ||
    die "alike in fig_effective"
"$L" query fig_features study=two --format csv | grep -q 'lora r = 2, lr = 0.004' ||
    die "alike in fig_features"

# forgetting: refused without the files. For 20 equal and 20 different pairs the correlation is the
# same for any model.
refused 3 "task 'stsb'.*--data" forgetting
refused 3 "'--no-similarity' leaves it out.*--data" intervene --study methods
is "SELECT count(*) FROM analysis WHERE kind = 'forgetting'" 0
mkdir -p "$T/data/glue/STS-B"
for split in train dev; do
    awk 'BEGIN { print "sentence1\tsentence2\tscore"
        for (i = 10; i < 30; i++) {
            print "cat w" i " red\tcat w" i " red\t5"
            print "cat w" i " red\tw" (40 - i) " run blue\t0"
        } }' \
        >"$T/data/glue/STS-B/$split.tsv"
done
ablate forgetting --data "$T/data"
is "SELECT count(*) FROM analysis WHERE kind = 'forgetting'" 12
is "SELECT printf('%.6f', min(value)) || ' ' || printf('%.6f', max(value)) FROM analysis
    WHERE kind = 'forgetting'" "0.925985 0.925985"
"$L" table forgetting --format csv | grep -q 'ft,accuracy,0[.][0-9]*,.*,100.0' || die "table forgetting"
ablate forgetting --study two --data "$T/data"
"$L" table forgetting study=two --format csv | grep -q 'r = 2 q,v, lr = 0.004' ||
    die "alike in forgetting"

# intervene: an unchanged update scores what its run stored, and so does every update of which a part
# is multiplied by 1. Without its update, or with another seed's B, LoRA predicts something else.
ablate intervene --study methods --no-similarity
is "SELECT count(*) FROM analysis WHERE kind = 'intervene' AND name LIKE '%similarity'" 0
ablate intervene --study methods --factor 1
ablate intervene --study methods
is "SELECT count(*) FROM analysis a JOIN final f ON f.run_id = a.run_a AND f.which = 'last'
    AND f.metric = 'accuracy' WHERE kind = 'intervene' AND name = 'whole_score'
    AND abs(a.value - f.value) < 1e-12" 8
is "SELECT count(*) > 40 AND max(abs(a.value - b.value)) < 1e-12
    FROM analysis a JOIN analysis b USING (kind, run_a) WHERE kind = 'intervene'
    AND a.settings = 'factor=1' AND b.settings = '' AND b.name = 'whole_score'
    AND a.name LIKE '%_score' AND a.name <> 'graft_score'" 1
is "SELECT count(*) FROM analyses WHERE kind = 'intervene' AND name = 'graft_score' AND run_b > 0
    AND method = 'lora' AND settings = ''" 2
is "SELECT max(abs(a.value - b.value)) > 0.1
    FROM analysis a JOIN analysis b USING (kind, run_a, settings) WHERE settings = ''
    AND b.name = 'whole_score' AND a.name IN ('keep_score', 'drop_score') AND a.i < 2" 1
is "SELECT count(*) FROM (SELECT value - lag(value) OVER (PARTITION BY run_a, settings ORDER BY i) AS more
    FROM analysis WHERE name = 'keep_energy') WHERE more <= 0" 0
# One kind of matrix alone: q and v are all that LoRA trained here, so that both together are the
# default; a matrix that no update has is an error.
ablate intervene --study methods --no-similarity --methods lora --matrices q
ablate intervene --study methods --no-similarity --methods lora --matrices q,v
is "SELECT max(abs(a.value - b.value)) < 1e-12 FROM analysis a JOIN analysis b USING (kind, run_a, name, i)
    WHERE kind = 'intervene' AND a.settings = 'matrices=q,v' AND b.settings = '' AND a.name LIKE '%_score'" 1
is "SELECT max(abs(a.value - b.value)) > 0.05 FROM analysis a JOIN analysis b USING (kind, run_a, name, i)
    WHERE kind = 'intervene' AND a.settings = 'matrices=q' AND b.settings = '' AND a.name LIKE '%_score'" 1
refused 1 "trained no matrix of its model that 'matrices' names: o" intervene --study methods \
    --no-similarity --methods lora --matrices o
"$L" table intervene study=methods settings= --format csv | grep -q 'lora r = 8 q,v",B of another seed,,,' ||
    die "table intervene"

# matrices: the mean over two batches of the same examples is that of one; the Spearman correlation
# in the table is that of Python.
cat >"$T/choice.yaml" <<EOF
study: choice
base: {model: $T/model, task: $T/toy.yaml, lr: 5e-3, batch: 160, epochs: 3, method: lora, rank: 1}
axes: {targets: [[q], [k], [v], [o], [q, v]]}
seeds: 1
EOF
ablate matrices --study "$T/choice.yaml" --batches 1
ablate matrices --study "$T/choice.yaml" --batches 2
ablate matrices --study "$T/choice.yaml"
is "SELECT count(*) FROM analysis a JOIN analysis b USING (kind, layer, proj, name)
    WHERE a.settings = 'batches=1'
    AND b.settings = 'batches=2' AND kind = 'matrices' AND abs(a.value / b.value - 1) < 1e-5" 48
"$L" sweep "$T/choice.yaml" -j 2 --no-calibrate >/dev/null 2>"$T/err" ||
    die "sweep: $(cat "$T/err")"
"$L" table choice study=choice --format json >"$T/choice.json" || die "table choice"
python3 - "$LOWRANK_HOME/lowrank.db" "$T/choice.json" <<'EOF' ||
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
pull = dict(db.execute("SELECT proj, sum(CASE name WHEN 'norm_mean' THEN value * value END) /"
                       " sum(CASE name WHEN 'numbers' THEN value END) FROM analysis"
                       " WHERE study = 'choice' AND kind = 'matrices' AND settings = ''"
                       " GROUP BY proj"))
got = dict(db.execute("SELECT targets, mean FROM study_cells WHERE study = 'choice'"))
kinds = [k for k in got if "," not in k]
def ranks(x):
    return [sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2 for a in x]
a, b = ranks([pull[k] for k in kinds]), ranks([got[k] for k in kinds])
ma, mb = sum(a) / len(a), sum(b) / len(b)
def s(x, y):
    return sum((p - (ma if x is a else mb)) * (q - (ma if y is a else mb)) for p, q in zip(x, y))
rho = s(a, b) / (s(a, a) * s(b, b)) ** 0.5
rows = json.load(open(sys.argv[2]))
shown = {r["Spearman (kinds; critical)"] for r in rows if r["Spearman (kinds; critical)"]}
assert len(kinds) == 4 and shown == {"%+.2f (4; 5 %%: none)" % rho}, (rho, shown)
order = [r["targets"] for r in rows if "," not in r["targets"]]
assert order == sorted(pull, key=lambda k: -pull[k]), rows
EOF
    die "Spearman: $(cat "$T/choice.json")"
# The gradients of four batches are noisy, but their mean is that of one batch with all examples.
sed 's/batch: 160/batch: 40/' "$T/choice.yaml" >"$T/parts.yaml"
cp "$T/choice.yaml" "$T/whole.yaml"
ablate matrices --study "$T/parts.yaml" --batches 4 --head_steps 0
ablate matrices --study "$T/whole.yaml" --batches 1 --head_steps 0
is "SELECT count(*) FROM analysis a JOIN analysis b USING (kind, layer, proj)
    WHERE a.study = 'parts' AND b.study = 'whole'
    AND a.name = 'norm_mean' AND b.name = 'norm' AND abs(a.value / b.value - 1) < 1e-4" 12
is "SELECT count(*) FROM analysis a JOIN analysis b USING (study, layer, proj) WHERE study = 'parts'
    AND a.name = 'norm_mean'
    AND b.name = 'norm' AND a.value < 0.99 * b.value" 12
refused 2 "unknown" matrices --study nothing_there

if command -v gnuplot >/dev/null; then
    "$L" figure latency study=tiny --format svg >/dev/null || die "figure latency"
    for f in features forgetting; do "$L" figure $f --format svg >/dev/null || die "figure $f"; done
    "$L" figure intervene study=methods --format svg >/dev/null || die "figure intervene"
fi
