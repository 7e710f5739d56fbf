#!/bin/sh
# Under a limit of address space a command ends with status 0 or 5; it never waits for memory that
# it cannot get.
. "$(dirname "$0")/sweep_lib.sh"
S="$T/study.yaml"

if grep -q __asan_init "$L"; then
    echo "limits of address space: the sanitizers reserve terabytes of it"
    exit 77
fi
refused=0
for limit in 200000 300000 400000 500000 2000000; do
    for command in "list models" "run $S rank=1 epochs=1" "sweep $S epochs=1 --no-calibrate -j 2"; do
        # shellcheck disable=SC2086 # the words of a command
        (ulimit -v $limit && exec timeout -k 1 60 "$L" $command --home "$T/$limit") \
            >"$T/out" 2>"$T/log"
        rc=$?
        case $rc in
        0) ;;
        5) grep -q "ulimit -v" "$T/log" || die "$limit kB, $command: $(cat "$T/log")"
           refused=$((refused + 1)) ;;
        127) grep -q "shared object" "$T/log" || die "$limit kB, $command: $(cat "$T/log")" ;;
        *) die "$limit kB, $command: status $rc: $(cat "$T/log")" ;;
        esac
    done
done
[ $refused != 0 ] || die "nothing was refused"
[ $rc = 0 ] || die "2 GB are not enough: $(cat "$T/log")"
exit 0
