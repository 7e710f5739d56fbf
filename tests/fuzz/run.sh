#!/bin/sh
# run.sh [SECONDS [TARGET...]] - builds the fuzz targets with clang, libFuzzer, AddressSanitizer
# (with leak detection) and UndefinedBehaviorSanitizer, and runs each for so many seconds (10), from
# the seeds in corpus/NAME, the kept inputs in crashes/NAME, and what earlier runs found in
# build-fuzz/corpus/NAME. Prints a table and, as its last line, "N passed, N failed, N skipped". An
# input that fails stays in build-fuzz/crashes/NAME; tests/README.md says what to do with it.
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-10} passed=0 failed=0
[ $# = 0 ] || shift
flags='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -Wno-pass-failed'
${MAKE:-make} -s CC=clang SAN=1 B=build-fuzz CFLAGS='-O1 -g' SANFLAG="$flags" TARGETS="$*" fuzzers ||
    exit 1
[ $# != 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's/.*fuzz_\(.*\)\.c/\1/' | grep -vx kit)
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
export ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=16:malloc_context_size=8:${ASAN_OPTIONS-}"

# count DIR PATTERN - how many files there are
count() { find "$1" -type f -name "$2" | wc -l; }

printf '%-12s %12s %8s %8s %8s\n' target executions exec/s new crashes
for name; do
    corpus=build-fuzz/corpus/$name crashes=build-fuzz/crashes/$name log=build-fuzz/$name.log
    mkdir -p "$corpus" "$crashes" || exit 1
    set -- "tests/fuzz/corpus/$name"
    [ ! -d "tests/fuzz/crashes/$name" ] || set -- "$@" "tests/fuzz/crashes/$name"
    [ ! -f "tests/fuzz/dict/$name.dict" ] || set -- "$@" "-dict=tests/fuzz/dict/$name.dict"
    inputs=$(count "$corpus" '*') earlier=$(count "$crashes" '*-*')
    build-fuzz/fuzz_"$name" -max_total_time="$seconds" -timeout=10 -report_slow_units=5 -max_len=4096 \
        -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$crashes/" "$corpus" "$@" >"$log" 2>&1
    status=$? found=$(($(count "$crashes" '*-*') - earlier))
    printf '%-12s %12s %8s %8d %8d\n' "$name" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
        $(($(count "$corpus" '*') - inputs)) $found
    if [ $status = 0 ]; then
        passed=$((passed + 1))
    else
        grep -v '^#' "$log" | tail -n 40
        echo "tests/fuzz/fuzz_$name.c:1: error: failed; all of its output: $log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed != 0 ]
