#!/bin/sh
# Few file descriptors, no threads, no folder for temporary files, and a locale whose decimal mark is
# a comma.
. "$(dirname "$0")/faults_lib.sh"

# with_descriptors N COMMAND... - the command with at most N open files; its status in $rc
with_descriptors() {
    n=$1
    shift
    bash -c 'ulimit -n '"$n"'; exec "$@"' limited "$@" >"$T/out" 2>"$T/log" </dev/null
    rc=$?
}

shows "too few descriptors are named, and nothing is lost"
command -v bash >/dev/null || { echo "bash is not installed"; exit 77; }
named=0
for n in 4 5 6 7 8 9 10 11 12; do # some may be open already, and the loader needs one (127)
    with_descriptors $n "$L" run "$S" lr=0.01 epochs=2 --home "$T/few$n"
    case $rc in
        0 | 127) continue ;;
        3 | 4) named=$((named + 1)) ;;
        *) die "$n descriptors: status $rc: $(cat "$T/log")" ;;
    esac
    grep -q "^lowrank: .*: Too many open files" "$T/log" || die "$n: $(cat "$T/log")"
done
[ $named -gt 0 ] || die "no number of descriptors was too small"
"$L" sweep "$S" lr=0.01 epochs=2 --home "$T/few" --no-calibrate >"$T/out" 2>"$T/log" ||
    die "$(cat "$T/log")"
intact "$T/few"

shows "a thread that cannot be started is told, with the status of missing memory"
if grep -q __asan_init "$L"; then
    echo "skip: threads: a sanitizer has functions of its own"
else
    shim no_threads
    export OPENBLAS_NUM_THREADS=1 # OpenBLAS starts its own before the program begins
    LD_PRELOAD="$T/no_threads.so" "$L" run "$S" lr=0.02 epochs=2 --home "$T/few" -t 2 \
        >"$T/out" 2>"$T/log" </dev/null
    rc=$?
    [ $rc = 5 ] || die "status $rc: $(cat "$T/log")"
    grep -q "^lowrank: cannot start 1 threads: " "$T/log" || die "$(cat "$T/log")"
    LD_PRELOAD="$T/no_threads.so" "$L" sweep "$S" lr=0.02 epochs=2 --home "$T/few" -j 2 \
        --no-calibrate >"$T/out" 2>"$T/log" </dev/null || die "workers of a sweep: $(cat "$T/log")"
    intact "$T/few"
fi

shows "without a folder for temporary files the report says so, and figures do without"
TMPDIR=$T/nowhere expect 4 "cannot create the folder '$T/nowhere/" "$L" report --home "$T/few" \
    --out "$T/report.html"
one_line

shows "numbers have decimal points whatever the locale"
if localedef -i de_DE -f UTF-8 "$T/de_DE.UTF-8" >"$T/out" 2>&1 &&
    [ "$(LOCPATH=$T LC_ALL=de_DE.UTF-8 locale decimal_point)" = , ]; then
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # glibc loses LOCPATH's list
    for locale in C de_DE.UTF-8; do
        LOCPATH=$T LC_ALL=$locale "$L" run "$S" lr=0.005 epochs=2 --home "$T/$locale" --format csv \
            >"$T/run.$locale" 2>"$T/log" || die "$locale: $(cat "$T/log")"
        LOCPATH=$T LC_ALL=$locale results "$T/$locale" >"$T/all.$locale" || die "$locale"
        LOCPATH=$T LC_ALL=$locale "$L" export run --home "$T/$locale" >"$T/log" 2>&1 ||
            die "$locale: $(cat "$T/log")"
        cat "$T/$locale"/adapters/*/last/*.json >"$T/json.$locale"
        sed 's/[^,]//g' "$T/$locale/export/run/results.csv" >"$T/commas.$locale"
    done
    for file in run all json commas; do
        cmp -s "$T/$file.C" "$T/$file.de_DE.UTF-8" ||
            die "$(diff "$T/$file.C" "$T/$file.de_DE.UTF-8")"
    done
    grep -q '0\.005' "$T/de_DE.UTF-8/export/run/results.csv" || die "no learning rate of 0.005"
else
    echo "skip: locales: no definition of de_DE"
fi
exit 0
