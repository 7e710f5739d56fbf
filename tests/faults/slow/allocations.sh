#!/bin/sh
# The allocation with the number N fails, for many N: each command ends with status 5 and one line,
# or does without the memory; no crash, and the store stays intact. Products are OpenBLAS's, because
# oneDNN does not look at what its own allocations return.
. "$(dirname "$0")/../faults_lib.sh"
shim no_memory
export LOWRANK_ONEDNN=0 OPENBLAS_NUM_THREADS=1
"$L" sweep "$S" epochs=1 --home "$T/right" --no-calibrate 2>"$T/log" || die "$(cat "$T/log")"
A=$(ls -d "$T"/right/adapters/*/last | head -n 1)
anew() { rm -rf "$T/h" "$T/m"; cp -r "$T/right" "$T/h"; }
# attempt N COMMAND... - with the allocation number N failing; 0: none, and how many there were
attempt() {
    n=$1
    shift
    anew
    printf 'w01 red\n' | FAIL_AT=$n COUNT_TO=$T/count LD_PRELOAD=$T/no_memory.so "$L" "$@" \
        --home "$T/h" >"$T/out" 2>"$T/log"
    rc=$?
}
# fails COMMAND... - the first allocations, and some of all the others
fails() {
    shows "out of memory: $*"
    attempt 0 "$@"
    [ $rc = 0 ] || die "undisturbed: status $rc: $(cat "$T/log")"
    all=$(cat "$T/count") n=1 refused=0
    while [ "$n" -le "$all" ]; do
        attempt "$n" "$@"
        case $rc in
        0) ;;
        5) refused=$((refused + 1))
           [ "$(grep -c "out of memory\|not enough memory" "$T/log")" = 1 ] ||
               die "allocation $n of $all: $(cat "$T/log")" ;;
        *) die "allocation $n of $all: status $rc: $(cat "$T/log")" ;;
        esac
        n=$((n < 3 ? n + 1 : n * 2 + 17))
    done
    [ $refused -gt 0 ] || die "no attempt was refused"
    intact "$T/h"
}
fails plan "$S" --no-calibrate
fails run "$S" rank=2 epochs=1 -t 1
fails sweep "$S" rank=3 epochs=1 --no-calibrate -j 1
fails query runs
fails table study study=toy
fails params --d-model 64
fails tokenize "$T/model"
fails logits "$T/model"
fails merge "$T/model" "$A" "$T/m"
fails verify
fails report -o "$T/m"
command -v gnuplot >/dev/null && fails figure rank study=toy -o "$T/m"
exit 0
