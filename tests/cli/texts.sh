#!/bin/sh
# Texts that a run generates after training: what is stored and scored, on how little it depends, that
# an interrupted run does not repeat it, and what is refused. Prompts of a task's split for 'generate'.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
. "$here/tiny_decoder.inc"
# 8 inputs with 2 or 3 references; the rows of an input are not together.
awk 'BEGIN { print "said,answer"; for (k = 0; k < 3; k++) for (i = 0; i < 8; i++)
    if (k < 2 || i % 2) printf "in%d,yes it is %s\n", i, substr("abcdefgh", i + k, 1 + k) }' \
    >"$T/data/say/refs.csv"
how='generate: {beams: 3, length_penalty: 0.9, no_repeat_ngram: 4, max_new: 9, scores: [e2e_bleu, e2e_nist, rouge]}'
task plain train.csv 'metrics: [token_loss]' 'splits: {train: train.csv, dev: refs.csv, test: refs.csv}'
task say train.csv 'metrics: [token_loss]' 'splits: {train: train.csv, dev: refs.csv, test: refs.csv}' \
    "$how"
run() { "$L" run "model=$D" "task=$T/say.yaml" method=lora rank=2 lr=0.02 batch=8 epochs=1 "$@" >"$T/out" 2>"$T/log"; }
value() { count "$LOWRANK_HOME" "$1"; }
last="(SELECT max(run_id) FROM run)"
texts() { "$L" query --home "$1" --format csv "SELECT run_key, split, input, rows, prompt, text, tokens,
    finished, printf('%!.17g', score) FROM generations ORDER BY 1, 2, 3"; }

shows "a task that says how texts are generated keeps the keys of its runs"
run || die "$(cat "$T/log")"
"$L" run "model=$D" "task=$T/plain.yaml" method=lora rank=2 lr=0.02 batch=8 epochs=1 >"$T/out" \
    2>"$T/log" || die "$(cat "$T/log")"
[ "$(value "SELECT count(*) || ' ' || (SELECT count(*) FROM generations) FROM run")" = "1 0" ] ||
    die "$(value "SELECT group_concat(run_key) FROM run")"

shows "every input has one text with the rows of all of its references"
run generate_n=-1 -t 1 || die "$(cat "$T/log")"
[ "$(value "SELECT count(*) FROM generations WHERE run_id = $last AND split = 'dev'")" = 8 ] || die "not 8"
[ "$(value "SELECT replace(rows, ',', ' ') || ' ' || prompt FROM generations WHERE run_id = $last AND input = 2")" = \
    "[2 10 17] in1:" ] || die "$(value "SELECT rows || prompt FROM generations WHERE input = 2")"
key=$(value "SELECT run_key FROM run WHERE run_id = $last")
"$L" query generations "run=$(echo "$key" | cut -c1-8)" --format csv >"$T/out" 2>&1 || die "$(cat "$T/out")"
[ "$(wc -l <"$T/out")" = 9 ] || die "$(cat "$T/out")"

shows "'generate --task' writes the same texts after the same prompts, with the references"
p=$(value "SELECT precision FROM runs WHERE run_id = $last")
generate() { "$L" generate "$D" --adapter "$(echo "$key" | cut -c1-12)" "--task=$T/say.yaml" --beams 3 \
    --length-penalty 0.9 --no-repeat-ngram 4 --max-new 9 --precision "$([ "$p" = bf16 ] && echo bf16 ||
    echo f32)" "$@" >"$T/json" 2>"$T/log" || die "$(cat "$T/log")"; }
generate
"$L" query --format json "SELECT input, prompt, text, rows FROM generations WHERE run_id = $last
    ORDER BY input" >"$T/stored" || die query
python3 - "$T" <<'PY' || die "$(cat "$T/json" "$T/stored")"
import csv, json, sys
written = [json.loads(line) for line in open(sys.argv[1] + "/json")]
stored = json.load(open(sys.argv[1] + "/stored"))
answers = [r["answer"].strip() for r in csv.DictReader(open(sys.argv[1] + "/data/say/refs.csv"))]
assert [(w["id"], w["prompt"], w["text"].strip()) for w in written] == \
    [(s["input"], s["prompt"], s["text"]) for s in stored]
assert [w["references"] for w in written] == \
    [[answers[r - 1] for r in json.loads(s["rows"])] for s in stored]
PY
cp "$T/json" "$T/all"
generate --split test -n 3 -t 2 --batch 2
[ "$(wc -l <"$T/json")" = 3 ] && [ "$(grep -cxFf "$T/all" "$T/json")" = 3 ] || die "$(cat "$T/json")"
expect 2 "'--n' is of a task's prompts: it needs '--task'" "$L" generate "$D" -n 3
expect 2 "'--input' is of standard input" "$L" generate "$D" --task "$T/say.yaml" --input ids
expect 2 "task .* has no prompts" "$L" generate "$D" --task "$T/toy.yaml"
expect 2 "'split' must be" "$L" generate "$D" --task "$T/say.yaml" --split train

shows "scores are final numbers of the run, those of 'lowrank score'"
"$L" query --format json "SELECT text FROM generations WHERE run_id = $last ORDER BY input" |
    python3 -c 'import json, sys; [print(x["text"]) for x in json.load(sys.stdin)]' >"$T/hyp"
python3 - "$T" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/data/say/refs.csv")))
names = list(dict.fromkeys(r["said"] for r in rows))
open(sys.argv[1] + "/ref", "w").write("\n\n".join(
    "\n".join(r["answer"] for r in rows if r["said"] == n) for n in names) + "\n")
PY
for score in e2e_bleu e2e_nist rouge1 rougel_stem; do
    want=$("$L" score $score --hyp "$T/hyp" --ref "$T/ref" --samples 10 --format csv |
        sed -n 2p | cut -d, -f2)
    got=$(value "SELECT printf('%.4f', value) FROM final WHERE run_id = $last AND which = 'best'
        AND metric = '${score#e2e_}'")
    [ -n "$want" ] && [ "$want" = "$got" ] || die "$score is $got, not $want"
done
"$L" export run >"$T/log" 2>&1 || die "$(cat "$T/log")"
grep -q ',bleu,' "$LOWRANK_HOME/export/run/results.csv" || die "the export has no bleu"

shows "the bits depend neither on threads nor on workers"
texts "$LOWRANK_HOME" >"$T/a"
"$L" run --home "$T/two" "model=$D" "task=$T/say.yaml" method=lora rank=2 lr=0.02 batch=8 epochs=1 \
    generate_n=-1 -t 2 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
texts "$T/two" >"$T/b"
[ -s "$T/a" ] && cmp -s "$T/a" "$T/b" || die "$(diff "$T/a" "$T/b")"

shows "fewer inputs are some of them, with the same texts"
run generate_n=3 || die "$(cat "$T/log")"
[ "$(value "SELECT count(*) FROM generations WHERE run_id = $last")" = 3 ] || die "not 3"
[ "$(value "SELECT count(*) FROM generations a JOIN generations b USING (input, text, rows)
    WHERE a.run_id = $last AND b.run_key = '$key'")" = 3 ] || die "other texts"

shows "a run with label smoothing generates, too"
run generate_n=2 label_smoothing=0.1 || die "$(cat "$T/log")"
[ "$(value "SELECT count(*) FROM generations WHERE run_id = $last")" = 2 ] || die "not 2"

shows "the reported split is the one that is generated"
run generate_n=2 report=test || die "$(cat "$T/log")"
[ "$(value "SELECT min(g.split) || f.which FROM generations g JOIN final f USING (run_id)
    WHERE run_id = $last AND f.metric = 'bleu'")" = testchosen ] || die "not test"

shows "a study's table, its claims' comparison, and its metric know the scores"
cat >"$T/two.yaml" <<YAML
study: two
base: {model: $D, task: $T/say.yaml, method: lora, lr: 0.02, batch: 8, epochs: 1, generate_n: 4}
axes: {rank: [1, 2]}
seeds: 2
metric: bleu
YAML
"$L" sweep "$T/two.yaml" -j 2 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
"$L" table two >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q '^study two: bleu on dev × 100' "$T/out" && [ "$(grep -c '(2)$' "$T/out")" = 2 ] || die "$(cat "$T/out")"
"$L" table two value=nist >"$T/out" 2>&1 && grep -q 'nist on dev' "$T/out" || die "$(cat "$T/out")"
cells=$(value "SELECT group_concat(DISTINCT substr(cell_key, 1, 12)) FROM runs WHERE study LIKE '%two%'" |
    tr -d '"' | tr , ' ')
"$L" compare $cells metric=rouge1 >"$T/out" 2>&1 && grep -q rouge1 "$T/out" || die "$(cat "$T/out")"

# A run that was stopped after half of its texts: those stay, marked, and the others are made.
shows "an interrupted run does not repeat its texts"
sqlite3 "$LOWRANK_HOME/lowrank.db" "UPDATE run SET state = 'queued' WHERE run_key = '$key';
    UPDATE generated SET text = 'kept' WHERE input <= 4 AND run_id =
        (SELECT run_id FROM run WHERE run_key = '$key');
    DELETE FROM generated WHERE input > 4 AND run_id =
        (SELECT run_id FROM run WHERE run_key = '$key')" || die "sqlite3"
run generate_n=-1 || die "$(cat "$T/log")"
[ "$(value "SELECT sum(text = 'kept') || ' ' || count(*) FROM generations WHERE run_key = '$key'")" = \
    "4 8" ] || die "$(texts "$LOWRANK_HOME")"
sqlite3 "$LOWRANK_HOME/lowrank.db" "UPDATE run SET state = 'queued' WHERE run_key = '$key';
    UPDATE generation SET parameters = 'others'" || die "sqlite3"
run generate_n=-1 || die "$(cat "$T/log")"
texts "$LOWRANK_HOME" | grep "^$key" >"$T/c"
grep "^$key" "$T/a" | cmp -s - "$T/c" || die "texts of other parameters were kept"

shows "a signal while texts are generated"
awk 'BEGIN { print "said,answer"; for (i = 0; i < 3000; i++) printf "in%d,yes\n", i }' \
    >"$T/data/say/many.csv"
task many train.csv 'metrics: [token_loss]' 'splits: {train: train.csv, dev: many.csv}' \
    'generate: {beams: 8, max_new: 12, scores: [exact_match]}'
many() { "$L" run --home "$T/many" "model=$D" "task=$T/many.yaml" method=lora rank=2 batch=8 epochs=1 \
    generate_n=-1 -t 1 >"$T/out" 2>"$T/log"; }
stored() { sqlite3 "$T/many/lowrank.db" "SELECT count(*) FROM generated" 2>/dev/null || echo 0; }
some() { [ "$(stored)" -gt 0 ]; }
"$L" run --home "$T/many" "model=$D" "task=$T/many.yaml" method=lora rank=2 batch=8 epochs=1 \
    generate_n=-1 -t 1 >"$T/out" 2>"$T/log" & run=$!
wait_for some
kill -INT $run
wait $run
[ $? = 130 ] || die "not 130: $(stored) texts, $(cat "$T/log")"
before=$(stored)
[ "$before" -gt 0 ] && [ "$before" -lt 3000 ] || die "$before texts"
sqlite3 "$T/many/lowrank.db" "UPDATE generated SET text = 'kept'" || die "sqlite3"
many || die "$(cat "$T/log")"
[ "$(sqlite3 "$T/many/lowrank.db" "SELECT sum(text = 'kept') || ' ' || count(*) FROM generated")" = \
    "$before 3000" ] || die "not $before kept"

shows "a plan counts the time and the memory of generation"
plan() { "$L" plan "model=$D" "task=$T/many.yaml" method=lora rank=2,4 batch=8 epochs=1 --seeds 1 "$@" \
    >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"; tr '\n' ' ' <"$T/out" | tr -s ' ' >"$T/line"; }
worker() { sed 's/.* MB shared and \([0-9]*\) MB per worker.*/\1/' "$T/line"; }
plan --no-calibrate
grep -q "generated texts" "$T/out" && die "texts: $(cat "$T/out")"
without=$(worker)
plan generate_n=-1 --no-calibrate
grep -q "generated texts: at most [0-9]* MB per worker for \(16 inputs together\|1 input at a time\), 8 beams each, and 12 tokens" \
    "$T/line" || die "$(cat "$T/out")"
sed 's/beams: 8/beams: 100/; s/task: many/task: wide/; s/max_new: 12/max_new: 100/' \
    "$T/many.yaml" >"$T/wide.yaml"
"$L" plan "model=$D" "task=$T/wide.yaml" method=lora rank=2,4 batch=8 epochs=1 --seeds 1 generate_n=-1 \
    --no-calibrate >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
tr '\n' ' ' <"$T/out" | tr -s ' ' >"$T/line"
[ "$(worker)" -gt "$without" ] || die "$(worker) MB, $without without texts: $(cat "$T/out")"
plan generate_n=-1
grep -q "generated texts: [0-9.]* m\?s.* of all runs' time, if they are as long as the references; at most" \
    "$T/line" || die "$(cat "$T/out")"

shows "what is refused"
expect 2 "'generate_n' is 5, but the file of task .* has no key 'generate'" \
    "$L" run "model=$D" "task=$T/plain.yaml" generate_n=5
expect 2 "task .* has no key 'generate'" \
    "$L" run "model=$T/model" "task=$T/toy.yaml" generate_n=5
wrong() { # TEXT VALUE
    task bad train.csv 'metrics: [token_loss]' "generate: $2"
    expect 2 "$1" "$L" run "model=$D" "task=$T/bad.yaml" generate_n=1
    grep -q 'bad.yaml:[0-9]' "$T/log" || die "no place: $(cat "$T/log")"
}
wrong "unknown score 'e2'; did you mean 'e2e'" '{scores: e2}'
wrong "needs the key 'scores'" '{beams: 2}'
wrong "unknown key 'beam' of 'generate'; did you mean 'beams'" '{beam: 2, scores: e2e}'
wrong "'beams' must be" '{beams: 0, scores: e2e}'
wrong "score 'e2e_bleu' occurs twice" '{scores: [e2e, e2e_bleu]}'
wrong "'generate' must be a mapping" 'e2e'
wrong "'sample' with 4 beams" '{sample: true, beams: 4, scores: e2e}'
task bad train.csv 'metrics: [token_loss]' 'generate: {beams: 1000, scores: e2e}'
expect 2 "the vocabulary has 101 tokens" "$L" run "model=$D" "task=$T/bad.yaml" generate_n=1
echo ok
