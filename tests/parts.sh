#!/bin/sh
# parts.sh [--strict] PART... - runs parts of the tests. "make check" and "make ci" call it with
# their lists; "make ci PARTS='san fuzz'" runs some. Prints the output of each part, a table of all
# parts, what failed, and as its last line "N passed, N failed, N skipped". A part +NAME runs beside
# those after it, and its output comes at the end. Exit status: 1 when a part failed. With --strict,
# a skip that tests/skips.txt does not allow counts as a failure. A part that runs no test program
# counts as one test.
cd "$(dirname "$0")/.." || exit 1
MAKE=${MAKE:-make}
logs=build/parts
[ "$1" = --strict ] && strict=1 && shift
closing='^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$'

# suites VARIABLE=VALUE... - build and run the tests in a configuration of the Makefile.
suites() { $MAKE -s "$@" programs && $MAKE -s "$@" test; }

part_layers() { sh tests/layers.sh; }
part_format() { sh tests/format.sh; }
part_tests() { suites; }
# The suites that compare gradients with finite differences, which takes double precision.
part_gradients() {
    files=$(grep -l -e '^#ifdef REAL_IS_DOUBLE' -e 'kit/gradcheck.h' tests/*/test_*.c)
    names=$(sed -n 's/^const struct suite suite_\([a-z0-9_]*\) .*/\1/p' $files | tr '\n' ' ')
    suites REAL=double SUITES="$names"
}
# The pretrained model that tests of real files need. MODELS="minilm mpnet" fetches more of them.
part_fetch() {
    $MAKE -s programs || return 1
    for model in ${MODELS:-minilm}; do build/lowrank fetch "$model" || return 1; done
}
part_float() { suites REAL=float; }
part_double() { suites REAL=double; }
part_san() { suites SAN=1 && $MAKE -s SAN=1 fuzz-check; }
part_openblas() {
    suites ONEDNN=0 SUITES='mat adapt model train' &&
        LOWRANK=build-openblas/lowrank sh tests/cli/sweep_bits.sh &&
        echo '1 passed, 0 failed, 0 skipped'
}
# In a folder of its own: objects that are there already would not warn again.
part_clang() { $MAKE -s CC=clang CFLAGS='-O2 -Werror' B=build-werror programs; }
part_stress() { $MAKE -s programs && sh tests/store_stress.sh build/tests.x; }
part_speed() { $MAKE -s programs && python3 tests/query_speed.py build/lowrank; }
# The injected faults that take longer; the quick ones are a suite of every build.
part_faults() { (export LOWRANK_SLOW=1 && suites SUITES=faults); }
# The kept inputs of the fuzz targets; in CI each target also runs for a moment under libFuzzer.
part_replay() { $MAKE -s fuzz-check; }
part_fuzz() { sh tests/fuzz/run.sh 5; }

grep -qs avx512f /proc/cpuinfo || no_avx512=no-avx512
# allowed PART TEXT - whether a line of skips.txt allows the skip
allowed() {
    while IFS='|' read -r where pattern reason; do
        where=${where% } pattern=${pattern# } pattern=${pattern% }
        [ "$where" = "$1" ] || [ "$where" = '*' ] || [ "$where" = "$no_avx512" ] || continue
        case $2 in $pattern) return 0 ;; esac
    done <tests/skips.txt
    return 1
}

# cpu_seconds FILE - of this shell's children so far, into $cpu; FILE is for it alone
cpu_seconds() {
    times >"$1"
    cpu=$(awk -F '[ms ]+' 'NR == 2 { print int(60 * $1 + $2 + 60 * $3 + $4) }' "$1")
}

# count_part PART STATUS SECONDS CPU_SECONDS - a row of the table, and what to repeat at the end
count_part() {
    set -- "$1" "$2" "$3" "$4" $(sed -n "s/$closing/\1 \2 \3/p" "$logs/$1.log" |
        awk '{ p += $1; f += $2; s += $3; n++ } END { print p + 0, f + 0, s + 0, n + 0 }')
    passed=$5 failed=$6 skipped=$7 bad=
    [ "$2" = 0 ] && [ "$8" = 0 ] && passed=1
    [ "$2" != 0 ] && [ "$failed" = 0 ] && failed=1
    if [ -n "$strict" ]; then
        sed -n 's/^skipped \([0-9]*\): /\1 /p' "$logs/$1.log" >"$logs/$1.skips"
        while read -r times text; do
            allowed "$1" "$text" && continue
            failed=$((failed + times)) skipped=$((skipped - times))
            bad="$bad  may not be skipped: $text
"
        done <"$logs/$1.skips"
    fi
    printf "%-10s %8d %8d %8d %8d %8d\n" "$1" "$passed" "$failed" "$skipped" "$3" "$4" \
        >>"$logs/table"
    [ "$failed" = 0 ] && return
    {
        echo "FAILED: $1 (exit status $2; all of its output: $logs/$1.log)"
        printf '%s' "$bad"
        found=$(grep -E '^[^ ]+:[0-9]+:[FE]:|error:|warning:' "$logs/$1.log" |
            cut -c1-500 | head -n 20)
        [ -n "$found$bad" ] || found=$(tail -n 5 "$logs/$1.log" | cut -c1-500)
        [ -z "$found" ] || echo "$found" | sed 's/^/  /'
    } >>"$logs/failed"
}

# run_part PART - run it, keep its output, and count it
run_part() {
    echo "--- $1"
    start=$(date +%s)
    cpu_seconds "$logs/$1.times"
    before=$cpu
    {
        "part_$1" </dev/null 2>&1
        echo $? >"$logs/$1.status"
    } | tee "$logs/$1.log" | sed "/$closing/d"
    cpu_seconds "$logs/$1.times"
    count_part "$1" "$(cat "$logs/$1.status")" $(($(date +%s) - start)) $((cpu - before))
}

rm -rf "$logs"
mkdir -p "$logs" || exit 1
: >"$logs/table"
: >"$logs/failed"
beside=
trap 'trap - INT TERM; kill 0' INT TERM # a shell's background jobs ignore Ctrl-C
for part; do
    case $part in
        +*)
            beside="$beside ${part#+}"
            run_part "${part#+}" >"$logs/${part#+}.output" &
            ;;
        *) run_part "$part" ;;
    esac
done
wait
for part in $beside; do
    cat "$logs/$part.output"
done
echo
printf '%-10s %8s %8s %8s %8s %8s\n' part passed failed skipped seconds CPU
cat "$logs/table"
echo
[ -s "$logs/failed" ] && cat "$logs/failed" && echo
awk '{ p += $2; f += $3; s += $4 } END { print p + 0 " passed, " f + 0 " failed, " s + 0 " skipped"
    exit f > 0 }' "$logs/table"
