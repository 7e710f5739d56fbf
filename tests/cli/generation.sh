#!/bin/sh
# A decoder trained on prompts and targets: what is stored, how batches are cut, and what is refused.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
D=$T/decoder
mkdir -p "$D" "$T/data/say" || exit 1
cp "$here/../golden/gpt2/config.json" "$here/../golden/gpt2/model.safetensors" "$D" || exit 1
# The tokens of the tiny GPT-2 are the characters themselves; 0 ends a text.
python3 - "$D" "$T/data/say" <<'PY' || exit 1
import json, sys
vocab = {"<|endoftext|>": 0, "\u0120": 1}
vocab.update({chr(c): c - 31 for c in range(33, 127)})
json.dump(vocab, open(sys.argv[1] + "/vocab.json", "w"))
open(sys.argv[1] + "/merges.txt", "w").write("#version: 0.2\n")
words = ["a", "to", "tree", "no", "yes", "apple", "so", "on"]
for split, n in (("train", 40), ("dev", 12), ("test", 10)):
    with open(f"{sys.argv[2]}/{split}.csv", "w") as f:
        f.write("said,answer\n")
        for i in range(n):
            f.write(f"{words[i % 8]}{i // 3},{'no' if i % 3 else 'yes'}{words[(i * 5) % 8] * (i % 2)}\n")
with open(sys.argv[2] + "/ask.csv", "w") as f:
    f.write("said,answer\n" + "".join(f"{w},{'yes' if 'e' in w else 'no'}\n" for w in words * 3))
PY
task() { # NAME TRAIN KEYS...
    name=$1 train=$2
    shift 2
    { printf 'task: %s\nkind: generation\ndir: say\nformat: csv\nheader: true\n' "$name"
      printf 'prompt: "{said}:"\ntarget: " {answer}"\n'
      printf '%s\n' "$@"; } >"$T/$name.yaml"
    grep -q splits "$T/$name.yaml" ||
        printf 'splits: {train: %s, dev: dev.csv, test: test.csv}\n' "$train" >>"$T/$name.yaml"
}
task say train.csv 'metrics: [token_loss, perplexity, token_accuracy]'
run() { "$L" run "model=$D" "task=$T/say.yaml" method=lora rank=2 lr=0.02 "$@" >"$T/out" 2>"$T/log"; }
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

shows "a task and a model that do not fit"
expect 3 "is a decoder (gpt2), which writes text, but task 'toy' is a classification" \
    "$L" run "model=$D" "task=$T/toy.yaml"
expect 3 "is an encoder (bert), which does not write text, but task 'say' has prompts" \
    "$L" run "model=$T/model" "task=$T/say.yaml"
expect 2 "'label_smoothing' is for generation tasks" \
    "$L" run "model=$T/model" "task=$T/toy.yaml" label_smoothing=0.1
echo ok
