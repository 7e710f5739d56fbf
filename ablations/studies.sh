#!/bin/sh
# studies.sh LOWRANK [BUDGET] - runs every study in its quick form, the paper's questions first, and
# after each study its analyses; then prints the verdicts and writes the report. With a BUDGET ("90m",
# "2h") it ends in time: the study that runs then stops at its next step, and the next call continues
# it. What is left of a budget when all is done goes into seeds, where they decide most claims.
# LOWRANK_DATA names a folder with GLUE's, E2E's and WebNLG's files. Studies whose files or models
# are not there are left out, and so are the analyses of them.
L=$1 budget=$2
first="rank targets choice alpha methods lowdata params combine alphalr lr layers capacity batchsize budget seeds truncate"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
left_out= over= failures=

end=
if [ -n "$budget" ]; then
    seconds=$(echo "$budget" | sed -n 's/^\([0-9][0-9]*\)h$/\1 * 3600/p; s/^\([0-9][0-9]*\)m$/\1 * 60/p
        s/^\([0-9][0-9]*\)s$/\1/p')
    [ -n "$seconds" ] || { echo "BUDGET must be a time like 90m or 2h, not '$budget'" >&2; exit 2; }
    end=$(($(date +%s) + $seconds))
fi
left() { echo $((end - $(date +%s))); }

# limited COMMAND... - until the budget is used up; then OVER is set, and that is no failure.
limited() {
    [ -n "$end" ] || { "$@"; return; }
    [ "$(left)" -gt 0 ] || { over=1; return 0; }
    timeout --foreground -s INT "$(left)" "$@"
    status=$?
    [ $status = 124 ] && over=1 && return 0
    return $status
}
# What the study has; "" if it was never planned.
finished() { "$L" status "$1" --format csv 2>/dev/null | sed -n 3p | cut -d , -f 1-5; }

# failed STATUS WHAT - what failed does not hold up the rest; an interruption does.
failed() {
    [ "$1" -lt 128 ] || exit "$1"
    failures="$failures $2"
}

# can_run STUDY - are its files and its model there?
can_run() {
    "$L" plan "$1" --no-calibrate >/dev/null 2>"$log" && return
    grep -q "LOWRANK_DATA\|has not been fetched" "$log" || { cat "$log" >&2; exit 1; }
    left_out="$left_out
  $1: $(grep "LOWRANK_DATA\|has not been fetched" "$log" | sed 's/^lowrank: //')"
    return 1
}

# analyze STUDY CHANGED - every analysis that is about this study ("-": about none), unless it is there
# and no run has been added since.
analyze() {
    for analysis in $("$L" ablate --list | sed -n 's/^\([a-z_][a-z_]*\) .*/\1/p'); do
        of=$("$L" ablate "$analysis" --help | tr -s '\n ' ' ' |
            sed -n 's/.*--study [^(]*(default \([a-z0-9_]*\)).*/\1/p')
        [ "${of:--}" = "$1" ] && [ -z "$over" ] || continue
        rows=$("$L" query analysed kind="$analysis" --format csv | wc -l)
        [ "$2" = no ] && [ "$rows" -gt 1 ] && continue
        # The study of methods has several tasks; this one needs no files of GLUE's.
        options=
        [ "$of" = methods ] && options="--task supersense"
        [ "$analysis" = intervene ] && options="--targets q,v"
        # Sentence similarity is measured on GLUE's STS-B.
        [ "$analysis$LOWRANK_DATA" = intervene ] && options="$options --no-similarity"
        limited "$L" ablate "$analysis" $options || failed $? "$analysis"
    done
}

"$L" fetch minilm >/dev/null && "$L" prepare supersense hypernym >/dev/null || exit
rest=
for study in $("$L" list studies --format csv | sed '1d; s/,.*//'); do
    case " $first " in *" $study "*) ;; *) rest="$rest $study" ;; esac
done
for study in $first $rest; do
    [ -z "$over" ] || break
    can_run "$study" || continue
    before=$(finished "$study")
    limited "$L" sweep "$study" || failed $? "$study"
    changed=yes
    [ "$before" = "$(finished "$study")" ] && changed=no
    [ -n "$over" ] || analyze "$study" $changed
done
[ -n "$over" ] || analyze - no

if [ -n "$end" ] && [ -z "$over" ] && [ "$(left)" -gt 60 ]; then
    "$L" claims --run --budget "$(left)s" || exit
else
    "$L" claims || exit
fi
"$L" report || [ -n "$over" ] || exit # perhaps nothing is finished yet
[ -z "$left_out" ] || echo "left out, as their files or models are not here:$left_out"
[ -z "$over" ] || echo "The $budget are used up; 'make studies BUDGET=$budget' continues."
[ -z "$failures" ] || { echo "failed:$failures" >&2; exit 1; }
