#!/bin/sh
# Memory: predictions, a limit that is too small, no huge pages, no oneDNN, more threads than cores.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml" LIMITED="$T/cgroup" one="rank=2 steps=6"

# says TEXT COMMAND... - the command succeeds, and TEXT is on standard error exactly once.
says() {
    text=$1
    shift
    "$@" >"$T/out" 2>"$T/log" || die "$* failed: $(cat "$T/log")"
    n=$(grep -c -- "$text" "$T/log")
    [ "$n" = 1 ] || die "$* says '$text' $n times: $(cat "$T/log")"
}

# --- predictions, for a model that is large compared with the program itself
if grep -q __asan_init "$L"; then
    echo "skip: predicted memory: that of the sanitizers is not predicted"
else
    python3 "$here/tiny.py" "$T/wide" 768 || exit 1
    python3 "$here/../memory.py" "$L" --within 20 --data "$T/wide/data" \
        --base "model=$T/wide/model task=$T/wide/toy.yaml lr=1e-5 steps=12" \
        "-t 1 method=lora" "-t 2 method=ft" "-j 2 method=lora" "-j 2 method=head" >"$T/out" 2>&1 ||
            die "$(cat "$T/out")"
fi

# --- a limit of the control group, in a mount namespace where that is allowed; the files of
# versions 2 and 1
plan=$("$L" plan "$S" --no-calibrate --home "$T/p" -j 2) || die "no plan"
set -- $(echo "$plan" |
    sed -n 's/^memory: about \([0-9]*\) MB shared and \([0-9]*\) MB per worker.*/\1 \2/p')
[ $# = 2 ] || die "the plan says nothing about memory: $plan"
# limited MEGABYTES COMMAND...
limited() {
    mkdir -p "$LIMITED/memory"
    echo $(($1 * 1000000)) | tee "$LIMITED/memory.max" >"$LIMITED/memory/memory.limit_in_bytes"
    echo 0 | tee "$LIMITED/memory.current" >"$LIMITED/memory/memory.usage_in_bytes"
    shift
    unshare -rm sh -c 'mount --bind "$0" /sys/fs/cgroup && exec "$@"' "$LIMITED" "$@"
}
if limited 100 true 2>"$T/log"; then
    limited $(($1 + $2 * 3 / 2)) "$L" sweep "$S" --home "$T/c" -j 2 2>"$T/log"
    rc=$?
    [ $rc = 5 ] || die "a sweep that does not fit ended with $rc: $(cat "$T/log")"
    grep -q "2 workers need about [0-9.]* MB, but [0-9.]* MB is available; -j 1 fits" "$T/log" ||
        die "$(cat "$T/log")"
    limited $(($1 / 2)) "$L" run "$S" $one --home "$T/c" -t 1 2>"$T/log" &&
        die "a run in half of what it needs"
    grep -q "one worker needs about [0-9.]* MB, but [0-9.]* MB is available" "$T/log" ||
        die "$(cat "$T/log")"
    limited $(($1 + $2 * 3)) "$L" sweep "$S" steps=6 --home "$T/c" -j 2 -q ||
        die "a sweep that fits did not run"
else
    echo "skip: limits of memory: no mount namespace: $(cat "$T/log")"
fi

# --- the same results without huge pages; a notice, once, that OpenBLAS multiplies, which the
# store knows too
says "done in" "$L" run "$S" $one --home "$T/a" -t 1
python3 -c 'import ctypes, os, sys
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0) == 0 or sys.exit("PR_SET_THP_DISABLE")
os.execv(sys.argv[1], sys.argv[1:])' "$L" run "$S" $one --home "$T/b" -t 1 -q >"$T/out" ||
    die "no run without huge pages"
results "$T/a" >"$T/ra" && results "$T/b" >"$T/rb" && cmp "$T/ra" "$T/rb" ||
    die "huge pages change results"
kind=$(count "$T/a" "SELECT json_extract(doc, '$.build.real') FROM env")
if [ "$kind" = f32 ]; then
    why="LOWRANK_ONEDNN=0 turns oneDNN off"
    "$L" doctor 2>&1 | grep -q "oneDNN is not built in" && why="oneDNN is not built in"
    says "OpenBLAS: $why" env LOWRANK_ONEDNN=0 "$L" sweep "$S" steps=6 --home "$T/o" -j 2
    packed=$(count "$T/o" "SELECT DISTINCT json_extract(doc, '$.blas.packed') FROM env")
    [ "$packed" = none ] || die "the store says that '$packed' multiplied"
    stored=$(count "$T/o" "SELECT DISTINCT json_extract(doc, '$.blas.packed_lack') FROM env")
    [ "$stored" = "$why" ] || die "the store says '$stored', not '$why'"
fi
says "97 threads on [0-9]* core" "$L" run "$S" rank=4 steps=2 --home "$T/a" -t 97
exit 0
