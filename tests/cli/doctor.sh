#!/bin/sh
# doctor: a line for each fact; exit status 6 names what is missing; a slow BLAS kernel that the
# user chose is noted.
set -u
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
L=${LOWRANK:?}
no() {
    echo "$*"
    bad=1
}
export LOWRANK_HOME="$tmp/home"
"$L" doctor >"$tmp/table" 2>"$tmp/err"
rc=$?
case $rc in
0) grep -q '^missing' "$tmp/table" && no "exit 0 although something is missing" ;;
6) grep -q 'missing: ' "$tmp/err" && grep -q '^missing' "$tmp/table" ||
    no "exit 6, but nothing is named" ;;
*) no "doctor: exit $rc: $(cat "$tmp/err")" ;;
esac
for fact in program processor memory BLAS gnuplot pip WordNet home 'model minilm' 'task mrpc' \
    database; do
    grep -q " $fact " "$tmp/table" || no "no line about $fact"
done
grep -q 'GFLOP/s' "$tmp/table" || no "no measured rate"
[ ! -e "$LOWRANK_HOME" ] || no "doctor made the home folder"

"$L" doctor --format json >"$tmp/json" 2>"$tmp/err2" || [ $? = 6 ] || no "--format json: exit $?"
case $(head -c 1 "$tmp/json") in '[' | '{') ;; *) no "not JSON: $(head -c 80 "$tmp/json")" ;; esac

# Without gnuplot in PATH, it is missing, and the exit status is 6.
mkdir "$tmp/bin"
PATH="$tmp/bin" "$L" doctor >"$tmp/bare" 2>"$tmp/err3"
[ $? = 6 ] && grep -q 'missing: .*gnuplot' "$tmp/err3" || no "without gnuplot: $(cat "$tmp/err3")"

# Only CPUs with AVX2 have a better kernel than this one.
if grep -q avx2 "$tmp/table"; then
    OPENBLAS_CORETYPE=Prescott "$L" doctor 2>&1 | grep -q 'OPENBLAS_CORETYPE=Prescott' ||
        no "OPENBLAS_CORETYPE=Prescott is not pointed out"
fi

# A file that is not a database, and a model without its files.
mkdir -p "$LOWRANK_HOME/models/minilm"
echo nonsense >"$LOWRANK_HOME/lowrank.db"
"$L" doctor >"$tmp/broken" 2>"$tmp/err4"
[ $? = 6 ] && grep -q '^missing *database' "$tmp/broken" ||
    no "a broken database: $(cat "$tmp/err4")"
grep -q 'incomplete' "$tmp/broken" || no "an empty model folder is not called incomplete"
exit $bad
