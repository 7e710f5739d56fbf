#!/bin/sh
# layers.sh - each folder and the folders it may include from (itself always); nothing else is allowed.
# Also: only core/math sees BLAS and oneDNN, only results sees SQLite.
allow='
core/base:
core/math:   core/base
core/text:   core/base
core/metric: core/base core/text
core/nn:     core/base core/math
core/adapt:  core/base core/math core/nn
core/train:  core/base core/math core/nn core/adapt core/text core/metric
results:     core core/base
plots:       core core/base results
experiments: core core/base core/math core/nn core/adapt core/text core/metric core/train results
ablations:   core core/base core/math core/nn core/adapt core/text core/metric core/train results experiments
'
bad=0
for f in $(find core results plots experiments ablations -name '*.[ch]'); do
    from=$(dirname "$f")
    [ "$from" = core ] && continue # core/main.c sees the generated command table
    for h in $(sed -n 's/^#include "\([^"]*\)\/[^/"]*".*/\1/p' "$f"); do
        [ "$h" = "$from" ] && continue
        printf '%s' "$allow" | grep -q "^$from:.* $h\( \|\$\)" ||
            { echo "$f: '$from' may not include from '$h'"; bad=1; }
    done
    case $from in core/math) ;; *)
        grep -nE '#include <(cblas|lapacke?|oneapi/dnnl|dnnl)' "$f" /dev/null && bad=1 ;; esac
    case $from in results) ;; *) grep -n '#include <sqlite3' "$f" /dev/null && bad=1 ;; esac
done
[ $bad = 0 ] && echo "layers: ok"
exit $bad
