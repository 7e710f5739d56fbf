#!/bin/sh
# Weights that another process cuts while they are mapped: every command that reads them ends with
# one line and status 3, by no signal, and keeps no result.
. "$(dirname "$0")/../faults_lib.sh"
shim cut_mapped
W="$T/model/model.safetensors"
cp "$W" "$T/right"
sed 's/study: toy/study: methods/; s/epochs: 15/epochs: 1/; s/\[1, 4, 8\]/[4, 8]/' "$S" \
    >"$T/methods.yaml"
export LOWRANK_HOME="$T/h"
"$L" sweep "$T/methods.yaml" --no-calibrate 2>"$T/log" || die "$(cat "$T/log")"
A=$(ls -d "$T"/h/adapters/*/last | head -n 1)
anew() { rm -rf "$T/h2"; cp -r "$T/h" "$T/h2"; }

# attempt COMMAND... - the command, with its output in $T/out and its status in $rc.
attempt() {
    anew
    cat "$T/right" >"$W"
    printf 'w01 red\nblue w02\n' | CUT_FILE=model/model.safetensors CUT_AT=$number \
        CUT_LATER=$later CUT_TO=$to LD_PRELOAD=$T/cut_mapped.so "$@" >"$T/out" 2>"$T/log"
    rc=$?
}
# cut TEXT COMMAND... - the weights are cut at once or later after they were mapped for the first,
# the second, ... time; the command ends with 3, or has read all that it needs.
cut() {
    shows "weights cut while mapped: $1"
    shift
    n_cut=0 number=99 later=0 to=0
    attempt "$@"
    [ $rc = 0 ] || die "undisturbed: status $rc: $(cat "$T/log")"
    cp "$T/out" "$T/undisturbed"
    for number in 1 2 3; do
        for later in 0 60 600 2000; do
            to=$((later % 3 * 20000))
            attempt "$@"
            case $rc in
            0) cmp -s "$T/out" "$T/undisturbed" || die "map $number, $later later: other results" ;;
            3) n_cut=$((n_cut + 1))
                grep -q "changed\|model.safetensors\|other weights" "$T/log" ||
                    die "map $number, $later later: $(cat "$T/log")" ;;
            *) die "map $number, $later later: status $rc: $(cat "$T/log")" ;;
            esac
        done
    done
    [ $n_cut -gt 1 ] || die "never cut in time"
    cat "$T/right" >"$W"
}
export LOWRANK_HOME="$T/h2"
cut logits "$L" logits "$T/model" --adapter "$A"
cut merge "$L" merge "$T/model" "$A" "$T/h2/merged"
cut run "$L" run "$S" rank=2 epochs=2
cut sweep "$L" sweep "$S" epochs=2 --no-calibrate -j 1
cut features "$L" ablate features
cut weights "$L" ablate weights --study methods --ranks 4,8
exit 0
