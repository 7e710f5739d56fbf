#!/bin/sh
# layers.sh - checks that each room includes only from the rooms listed for it and from itself, that
# only core/math includes BLAS and oneDNN, that only results/store includes SQLite, and that only
# results and tests have SQL. A room without a line is a failure.
b='core/base core/os core/opt'
nn="$b core/math core/format core/weights core/nn"
low="$nn core/text core/metric core/adapt core/peft core/data core/generate core/train core/parity"
assets="core $low results/rows results/store results/query experiments/sources experiments/assets"
recipe="$assets experiments/recipe"
study="$recipe experiments/study"
run="$study experiments/estimate experiments/run"
allow="
core/base:
core/os: core/base
core/opt: core/base core/os
core/help: core $b
core/math: $b
core/format: $b core/math
core/text: $b core/format
core/metric: $b core/text
core/words: $b
core/meteor: $b core/words
core/score: $b core/metric core/words core/meteor
core/weights: $b core/math core/format
core/nn: $nn
core/adapt: $nn
core/peft: $nn core/adapt
core/data: $nn core/text core/metric
core/generate: $nn
core/train: $nn core/metric core/data
core/parity: $nn core/adapt core/peft core/data core/train
results/rows: $b
results/store: $b results/rows
results/query: core $b results/rows results/store
results/stats: $b core/metric
results/pivot: core $b core/metric results/rows results/store results/query results/stats
results/verdicts: core $b core/metric results/stats results/rows results/store results/query
results/manage: core $b results/rows results/store results/query
plots/figure: core $b results/rows results/store results/query results/pivot
plots/report: core $b results/rows results/store results/query results/pivot results/verdicts plots/figure
experiments/sources: $b core/data
experiments/assets: $assets
experiments/recipe: $recipe
experiments/study: $study plots/figure
experiments/apply: $recipe
experiments/score: core $b core/metric core/words core/meteor core/score results/rows
experiments/estimate: $study
experiments/run: $run
experiments/bench: $run
experiments/doctor: $recipe
ablations/common: $recipe experiments/apply results/stats
ablations: $run experiments/apply experiments/bench results/stats ablations/common
"
bad=0
for f in $(find core results plots experiments ablations -name '*.[ch]'); do
    from=$(dirname "$f")
    [ "$from" = core ] && continue # core/main.c sees the generated command table
    if ! rule=$(printf '%s' "$allow" | grep "^$from:"); then
        echo "$f: no rule for '$from'"
        bad=1
        continue
    fi
    for h in $(sed -n 's/^#include "\([^"]*\)\/[^/"]*".*/\1/p' "$f"); do
        [ "$h" = "$from" ] && continue
        case "$rule " in *" $h "*) ;; *) echo "$f: '$from' may not include from '$h'"; bad=1 ;; esac
    done
    case $from in core/math) ;; *)
        grep -nE '#include <(cblas|lapacke?|oneapi/dnnl|dnnl)' "$f" /dev/null && bad=1 ;; esac
    case $from in results/store) ;; *) grep -n '#include <sqlite3' "$f" /dev/null && bad=1 ;; esac
done
sql='"[^"]*\<(SELECT|INSERT (OR|INTO)|UPDATE [a-z_]+ SET|DELETE FROM)\>'
# In format_wikisql.c it is data.
grep -rnE "$sql" core plots experiments ablations --include='*.[ch]' \
    --exclude=format_wikisql.c &&
    { echo "SQL belongs in results/queries or in a function of results"; bad=1; }
[ $bad = 0 ] && echo "layers: ok"
exit $bad
