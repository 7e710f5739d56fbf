#!/bin/sh
# run.sh [SECONDS] - builds every target fuzz_NAME.c of this folder with clang and runs each for so
# many seconds (10). It starts from the golden files *.NAME and from corpus/NAME. An input that
# fails stays in build-fuzz/crash-*. Prints "N passed, N failed, N skipped" at the end.
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-10} passed=0 failed=0
flags='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -Wno-pass-failed'
${MAKE:-make} -s CC=clang SAN=1 B=build-fuzz CFLAGS='-O1 -g' SANFLAG="$flags" fuzzers || exit 1
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    corpus=$(mktemp -d) || exit 1
    find tests/golden -name "*.${name#fuzz_}" -size -100k | while read -r file; do
        cp "$file" "$corpus/$(echo "$file" | tr / _)"
    done
    seeds=tests/fuzz/corpus/${name#fuzz_}
    [ ! -d "$seeds" ] || cp "$seeds"/* "$corpus"
    echo "$name: $seconds s from $(ls "$corpus" | wc -l) files"
    if build-fuzz/"$name" -max_total_time="$seconds" -artifact_prefix=build-fuzz/crash- \
        -print_final_stats=1 "$corpus" >"build-fuzz/$name.log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: */  inputs: /p' "build-fuzz/$name.log"
        passed=$((passed + 1))
    else
        grep -v '^#' "build-fuzz/$name.log" | tail -n 60
        echo "$source:1: error: failed; all of its output: build-fuzz/$name.log"
        failed=$((failed + 1))
    fi
    rm -r "$corpus"
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ] && [ $passed != 0 ]
