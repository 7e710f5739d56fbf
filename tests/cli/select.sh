#!/bin/sh
# What trains, chooses, and is reported: counted in plan and run, drawn with data_seed, and in tables.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
base="model=$T/model task=$T/toy.yaml epochs=3 batch=8 lr=0.02 rank=2"
header=1
rows=$(($(wc -l <"$T/data/toy/train.tsv") - header))
dev=$(($(wc -l <"$T/data/toy/dev.tsv") - header))
test=$(($(wc -l <"$T/data/toy/test.tsv") - header))

# says TEXT KEYS... - run and plan name these numbers of examples
says() {
    text=$1
    shift
    "$L" run $base "$@" >"$T/out" 2>"$T/log" || die "run $*: $(cat "$T/log")"
    grep -q -- ": $text\$" "$T/log" || die "run $*: not '$text': $(cat "$T/log")"
    printf 'study: p\nbase: {%s}\nseeds: 2\n' \
        "$(echo $base "$@" | sed 's/=/: /g; s/ \([a-z_]*:\)/, \1/g')" >"$T/p.yaml"
    "$L" plan --no-calibrate "$T/p.yaml" >"$T/out" 2>"$T/log" || die "plan: $(cat "$T/log")"
    # the line is broken where the terminal ends
    tr '\n' ' ' <"$T/out" | tr -s ' ' | grep -q -- ": $text memory:" ||
        die "plan $*: not '$text': $(cat "$T/out")"
}
says "$rows training examples; $dev of dev choose and are reported"
says "20 training examples, drawn with data_seed; $dev of dev choose and are reported" train_n=20
says "15 training examples, drawn with data_seed; 5 of train choose; $dev of dev are reported" \
    train_n=20 select=0.25
says "20 training examples, drawn with data_seed; 9 of dev choose; $test of test are reported" \
    train_n=20 dev_n=9 report=test
says "15 training examples, drawn with data_seed; 5 of train choose; 9 of test are reported" \
    train_n=20 dev_n=9 report=test select=0.25 report_curve=true

# Each seed draws its own examples, unless data_seed says otherwise.
loss() {
    "$L" run "model=$T/model" "task=$T/toy.yaml" batch=8 rank=2 epochs=1 train_n=8 lr=0 \
        hidden_dropout=0 attn_dropout=0 classifier_dropout=0 init_seed=5 order_seed=5 "$@" >/dev/null 2>"$T/log" || die "run: $(cat "$T/log")"
    count "$LOWRANK_HOME" "SELECT printf('%!.17g', value) FROM curves c JOIN run r USING (run_id)
        WHERE c.split = 'train' AND c.metric = 'loss' AND r.run_id = (SELECT max(run_id) FROM run)"
}
one=$(loss seed=1) || die "$one"
two=$(loss seed=2) || die "$two"
same=$(loss seed=2 data_seed=1) || die "$same"
[ "$one" != "$two" ] || die "two seeds drew the same examples: $one"
[ "$one" = "$same" ] || die "data_seed=1 is not what seed 1 drew: $one, $same"

# In a study the selection split chooses the trial; the table shows the reported split, and optimism
# the difference between the two rules, recomputed here.
cat >"$T/s.yaml" <<END
study: s
base: {model: $T/model, task: $T/toy.yaml, epochs: 4, batch: 8, select: 0.25}
axes: {rank: [1, 2]}
nuisance: {lr: [1e-2, 5e-2]}
seeds: 3
END
"$L" sweep "$T/s.yaml" -j 1 --no-calibrate >/dev/null 2>"$T/log" || die "sweep: $(cat "$T/log")"
[ "$(count "$LOWRANK_HOME" "SELECT metric || ' ' || which FROM study WHERE study = 's'")" = \
    "accuracy chosen" ] || die "the study shows another number"
best="SELECT rank, lr, avg(value) AS v FROM study_values v JOIN run r USING (run_id)
    WHERE v.study = 's' AND v.which"
"$L" query --format csv "SELECT a.rank, a.lr, printf('%.6f', b.v) FROM ($best = 'select_best'
    GROUP BY 1, 2) a JOIN ($best = 'chosen' GROUP BY 1, 2) b ON b.rank = a.rank AND b.lr = a.lr
    WHERE a.v = (SELECT max(c.v) FROM ($best = 'select_best' GROUP BY 1, 2) c
        WHERE c.rank = a.rank) GROUP BY a.rank HAVING a.lr = min(a.lr) ORDER BY 1" >"$T/want"
"$L" query --format csv "SELECT rank, lr, printf('%.6f', mean) AS \"printf('%.6f', b.v)\"
    FROM study_cells WHERE study = 's' ORDER BY 1" >"$T/have"
cmp -s "$T/want" "$T/have" || die "$(cat "$T/want") differs from $(cat "$T/have")"
want=$(count "$LOWRANK_HOME" "SELECT printf('%.2f', 100 * avg(d)) FROM (
    SELECT max(c.value) - max(iif(c.step = x.step, c.value, NULL)) AS d FROM curves c
    JOIN study_values v ON v.run_id = c.run_id AND v.study = 's' AND v.picking
    JOIN result x ON x.run_id = c.run_id AND x.which = 'select_best' AND x.ordinal = 0
    WHERE c.split = 'dev' AND c.metric = 'accuracy' GROUP BY c.run_id)")
"$L" table optimism study=s --wide >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
grep ' all ' "$T/out" | grep -q " $want ± .* 12 " || die "not $want: $(cat "$T/out")"

# refused TEXT KEYS...
refused() {
    text=$1
    shift
    "$L" run $base "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = 2 ] && grep -q -- "$text" "$T/log" && [ "$(grep -vc '^$' "$T/log")" = 1 ] ||
        die "$*: exit $rc: $(cat "$T/log")"
}
refused "'select' is 0.01, which leaves no rows on one side: there are 20" train_n=20 select=0.01
refused "'select' must be dev or a share of the training examples" select=dve
sed '/^splits/s/, test: [a-z.]*//' "$T/toy.yaml" >"$T/bare.yaml"
base="model=$T/model task=$T/bare.yaml epochs=1 batch=8"
refused "'report' is test, but task '.*' has no test split" report=test

# A test split of training rows; the runs of the task without it have other keys.
{ cat "$T/bare.yaml"; echo "held_out: 10"; } >"$T/held.yaml"
base="model=$T/model task=$T/held.yaml epochs=1 batch=8"
says "$((rows - 10)) training examples; $dev of dev choose; 10 of test are reported" report=test
echo "select: ok"
