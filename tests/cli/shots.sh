#!/bin/sh
# Few-shot prompting: the base model as it is, and training examples before every prompt.
. "$(dirname "$0")/sweep_lib.sh"
. "$here/tiny_decoder.inc"
export LOWRANK_HOME="$T/home"
value() { count "$LOWRANK_HOME" "SELECT value FROM final JOIN run USING(run_id)
    WHERE run.method = 'none' AND metric = '$1' AND which = 'best' AND $2"; }
task ask ask.csv 'labels: [yes, no]' 'metrics: [accuracy, token_loss]' \
    'splits: {train: ask.csv, dev: ask.csv}' 'max_len: 60' 'truncate: prompt_start'
base="model=$D task=$T/ask.yaml"

shows "nothing is trained: no steps, no parameters, no adapter"
expect 0 "" "$L" run $base method=none
[ "$(count "$LOWRANK_HOME" "SELECT trainable || ' ' || last_step || ' ' || coalesce(adapter_dir, '-')
    FROM attempt")" = "0 0 -" ] || die "$(count "$LOWRANK_HOME" 'SELECT * FROM attempt')"
[ ! -e "$LOWRANK_HOME/adapters" ] || die "an adapter was saved"
expect 0 "is done already" "$L" run $base method=none lr=0.5 epochs=7 batch=2

shows "examples stand before every prompt, as if the task had them in its template"
# One training row: the only example that can be drawn.
mkdir -p "$T/data/one" && printf 'said,answer\ntree,yes\n' >"$T/data/one/train.csv"
cp "$T/data/say/ask.csv" "$T/data/one/dev.csv"
one() { # NAME PROMPT
    task "$1" train.csv 'metrics: [token_loss]' 'splits: {train: train.csv, dev: dev.csv}' \
        'max_len: 60'
    sed -i -e 's/^dir: say/dir: one/' -e "s/^prompt: .*/prompt: \"$2\"/" "$T/$1.yaml"
}
one with '{said}:'
one literal 'tree: yes\\n\\n{said}:'
expect 0 "" "$L" run "model=$D" "task=$T/with.yaml" method=none shots=1
expect 0 "" "$L" run "model=$D" "task=$T/literal.yaml" method=none
[ "$(value token_loss "run.task = 'with'")" = "$(value token_loss "run.task = 'literal'")" ] ||
    die "$(value token_loss "run.task = 'with'"), not $(value token_loss "run.task = 'literal'")"
expect 0 "" "$L" run "model=$D" "task=$T/with.yaml" method=none
[ "$(value token_loss "run.task = 'with' AND run.config ->> 'shots' = 0")" != \
    "$(value token_loss "run.task = 'literal'")" ] || die "the example changes nothing"

shows "seeds draw other examples, and the same seed the same ones"
expect 0 "" "$L" sweep $base method=none shots=2,4 --seeds 2 --no-calibrate few
expect 0 "" "$L" sweep $base method=none shots=2,4 --seeds 2 --no-calibrate --home "$T/again" few
[ "$(value token_loss "run.seed = 1 AND run.config ->> 'shots' = 4")" != \
    "$(value token_loss "run.seed = 2 AND run.config ->> 'shots' = 4")" ] || die "seeds"
results "$T/home" | grep -c . >"$T/n"
results "$T/again" >"$T/again.csv"
results "$T/home" >"$T/home.csv"
[ "$(grep -cxFf "$T/again.csv" "$T/home.csv")" -ge "$(wc -l <"$T/again.csv")" ] || die "not alike"
expect 0 "" "$L" table few
grep -q '^ *shots' "$T/out" || die "$(cat "$T/out")"

shows "what cannot be"
expect 2 "'shots' is 2, but method 'lora' trains on the examples" "$L" run $base shots=2
expect 2 "'shots' is 50, but only .* training examples can be drawn" \
    "$L" run $base method=none shots=50
expect 2 "method 'none' trains nothing, not even the classifier" "$L" run "$T/study.yaml" method=none
expect 2 "'none' cannot be combined with others" "$L" run $base method=lora+none
expect 2 "did you mean 'none'" "$L" run $base method=nonne
exit 0
