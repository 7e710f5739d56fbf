#!/bin/sh
# A decoder trained on prompts and targets: what is stored, how batches are cut, and what is refused.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
. "$here/tiny_decoder.inc"
task say train.csv 'metrics: [token_loss, perplexity, token_accuracy]'
run() { "$L" run "model=$D" "task=$T/say.yaml" method=lora rank=2 "lr=${lr:-0.02}" "$@" >"$T/out" 2>"$T/log"; }
value() { count "$LOWRANK_HOME" "$1"; }
last="(SELECT max(run_id) FROM run)"

shows "the best evaluation is the one with the least loss, whose perplexity is its exponential"
run batch=8 epochs=3 || die "$(cat "$T/log")"
value "SELECT abs(b.value - (SELECT min(value) FROM curves c WHERE c.run_id = $last AND split = 'dev'
        AND metric = 'token_loss')) + abs(p.value - exp(b.value)) < 1e-9 FROM result b
    JOIN result p USING (run_id, which) JOIN metric_name m ON m.metric_id = b.metric_id
    JOIN metric_name n ON n.metric_id = p.metric_id
    WHERE run_id = $last AND which = 'best' AND m.name = 'token_loss' AND n.name = 'perplexity'" |
    grep -qx 1 || die "not so"

shows "a step does not depend on how it is cut"
step() {
    run "$@" steps=1 seed=3 precision=auto log_every=1 || die "$(cat "$T/log")"
    value "SELECT group_concat(printf('%.5f', value)) FROM curves WHERE run_id = $last
        AND split = 'train' AND metric IN ('loss', 'grad_norm') ORDER BY metric"
}
whole=$(step batch=12) && parts=$(step batch=3 accumulate=4) && single=$(step batch=1 accumulate=12)
[ "$whole" = "$parts" ] && [ "$whole" = "$single" ] || die "'$whole', '$parts', '$single'"

# With a large eps a step of AdamW moves along the gradient g of the loss per token, if g is small, by
# lr g, and so lowers that loss by lr |g|^2.
shows "the gradient is that of the loss per target token"
lr=0.01
run batch=40 steps=2 eps=1 warmup=0 schedule=constant weight_decay=0 log_every=1 ||
    die "$(cat "$T/log")"
value "SELECT max(value) - min(value) BETWEEN 0.8 * g AND 1.1 * g FROM curves,
    (SELECT 0.01 * value * value AS g FROM curves WHERE run_id = $last AND step = 1
        AND metric = 'grad_norm') WHERE run_id = $last AND split = 'train' AND metric = 'loss'" |
    grep -qx 1 || die "not so: $(value "SELECT group_concat(metric || ' ' || value) FROM curves
        WHERE run_id = $last AND split = 'train'")"

lr=0.02
shows "label smoothing changes the training loss and another seed does not"
smooth=$(step batch=12 label_smoothing=0.2)
[ -n "$smooth" ] && [ "$whole" != "$smooth" ] || die "'$whole' and '$smooth'"

shows "a row without room for its target is left out and told"
run batch=8 epochs=1 max_len=8 || die "$(cat "$T/log")"
grep -q "rows were left out: 'max_len', 8 tokens" "$T/log" || die "$(cat "$T/log")"
expect 3 "none of 40 examples has room for its prompt and its target in 2 tokens" \
    "$L" run "model=$D" "task=$T/say.yaml" max_len=2

shows "labels are compared by their probabilities"
task ask ask.csv 'labels: [yes, no]' 'truncate: prompt_start' \
    'metrics: [accuracy, token_loss]' 'splits: {train: ask.csv, dev: ask.csv}'
"$L" run "model=$D" "task=$T/ask.yaml" method=ft lr=0.01 batch=8 epochs=12 >"$T/out" 2>"$T/log" ||
    die "$(cat "$T/log")"
value "SELECT value > 0.9 FROM result JOIN metric_name USING (metric_id) WHERE run_id = $last
    AND which = 'best' AND name = 'accuracy'" | grep -qx 1 || die "$(cat "$T/out")"

shows "a study leaves out the methods that a decoder cannot have, and says so"
cat >"$T/arms.yaml" <<END
base: {model: $D, task: $T/say.yaml, batch: 8, epochs: 1}
axes: {method: [lora, head]}
END
"$L" plan "$T/arms.yaml" --seeds 1 >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep -q "the runs of method 'head' are left out: 'head' trains a classifier, which gpt2 models do" \
    "$T/log" || die "$(cat "$T/log")"
grep -q '^1 runs of 1 cells' "$T/out" || die "$(cat "$T/out")"
expect 2 "method 'head' trains a classifier, which gpt2 models do not have" \
    "$L" plan "$T/arms.yaml" 'method=lora;head'

shows "a task and a model that do not fit"
expect 3 "is a decoder (gpt2), which writes text, but task 'toy' is a classification" \
    "$L" run "model=$D" "task=$T/toy.yaml"
expect 3 "is an encoder (bert), which does not write text, but task 'say' has prompts" \
    "$L" run "model=$T/model" "task=$T/say.yaml"
expect 2 "'label_smoothing' is for generation tasks" \
    "$L" run "model=$T/model" "task=$T/toy.yaml" label_smoothing=0.1
echo ok
