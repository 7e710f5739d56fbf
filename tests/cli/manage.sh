#!/bin/sh
# What is said of runs and studies: notes, tags, runs that do not count; studies renamed, put away,
# and removed. Single runs are found again.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home"
base="model=$T/model task=$T/toy.yaml epochs=1 batch=8"
cat >"$T/two.yaml" <<END
study: two
base: {model: $T/model, task: $T/toy.yaml, epochs: 1, batch: 8}
axes: {rank: [1, 2]}
seeds: 2
END

shows "an empty home"
expect 4 "no results yet" "$L" note
expect 4 "no results yet" "$L" exclude 0123abcd bad
expect 4 "no results yet" "$L" remove two
[ ! -e "$T/home/lowrank.db" ] || die "a database was created"

shows "four single runs are one list"
for rank in 1 2 3; do
    expect 0 "" "$L" run $base rank=$rank
done
expect 0 "" "$L" run $base method=bitfit
"$L" status --format csv >"$T/out" || die "status"
grep -q '^run,.*,4,4,' "$T/out" || die "$(cat "$T/out")"
grep -q 'outside' "$T/out" && grep -q '^done,' "$T/out" && die "runs are lost: $(cat "$T/out")"
[ "$(count "$T/home" "SELECT count(*) FROM study_cells WHERE study = 'run'")" = 4 ] || die "cells"

shows "an excluded run is left out, and every answer says so"
expect 0 "" "$L" sweep "$T/two.yaml" -q
key=$(count "$T/home" "SELECT substr(run_key, 1, 12) FROM run JOIN sweep_run USING(run_id) JOIN sweep w
    USING(plan_id) WHERE w.name = 'two' AND rank = 2 AND seed = 2")
"$L" query study study=two --format json >"$T/before" 2>"$T/log" || die "study"
expect 2 "needs RUN|CELL REASON" "$L" exclude "$key"
expect 0 "1 run excluded" "$L" exclude "$key" "the fan had stopped"
"$L" table study study=two >"$T/out" || die "table"
grep -q "left out: run .*(the fan had stopped)" "$T/out" || die "$(cat "$T/out")"
"$L" table two >"$T/out" 2>"$T/log" || die "table of any study"
[ "$(LC_ALL=C.UTF-8 wc -L <"$T/out")" -le 80 ] || die "a title wider than 80 columns"
"$L" table study study=two --format csv >"$T/out" 2>"$T/log" || die "csv"
grep -q "left out" "$T/out" && die "a note among the data"
grep -q "left out: run .*(the fan had stopped)" "$T/log" || die "$(cat "$T/log")"
"$L" table study study=run | grep -q "left out" && die "another study has this run, too"
expect 0 "1 run is excluded" "$L" sweep "$T/two.yaml" --retry diverged
[ "$(count "$T/home" "SELECT attempts FROM run WHERE state = 'excluded'")" = 1 ] || die "trained again"
expect 1 "is excluded" "$L" run $base rank=2 seed=2
expect 0 "" "$L" verify || cat "$T/out"
"$L" show "$key" | grep -q "the fan had stopped" || die "show"
expect 0 "1 run included" "$L" include "$key"
"$L" query study study=two --format json >"$T/after" 2>"$T/log" || die "study"
cmp -s "$T/before" "$T/after" || die "other numbers after 'include'"
expect 1 "is not excluded" "$L" include "$key"

shows "notes and tags"
expect 0 "noted on" "$L" note "$key" "hot room"
expect 0 "" "$L" tag "$key" checked
expect 2 "unknown run or study 'tow'; did you mean 'two'" "$L" note tow x
"$L" note two second thought >/dev/null 2>&1 || die "a note on a study"
"$L" note --format csv | grep -q 'study,two,second thought' || die "$("$L" note --format csv)"
"$L" query tags tag=checked --format csv | grep -q "checked,run," || die "tags"

shows "renaming and putting away"
expect 2 "cannot be the name of a study" "$L" rename two a/b
expect 2 "there is a study" "$L" rename two two
expect 0 "would begin a study 'two' again" "$L" rename two deux
expect 0 "" "$L" archive deux
"$L" status | grep -q deux && die "status shows what was put away"
"$L" status --archived | grep -q deux || die "status --archived"
expect 0 "" "$L" archive deux --undo

shows "removing: runs of other studies stay"
before=$(count "$T/home" "SELECT count(*) FROM run")
expect 2 "nothing was removed" "$L" remove deux
[ "$(count "$T/home" "SELECT count(*) FROM run")" = "$before" ] || die "it removed without asking"
expect 0 "2 runs that nothing else uses.*MB" "$L" remove deux --yes
[ "$(count "$T/home" "SELECT count(*) FROM run")" = $((before - 2)) ] || die "runs"
[ "$(count "$T/home" "SELECT count(*) FROM run WHERE state = 'done'")" = 4 ] || die "single runs went"
expect 0 "" "$L" verify --format csv
[ "$(wc -l <"$T/out")" = 1 ] || die "leftovers: $(cat "$T/out")"
expect 2 "unknown study 'deux'" "$L" remove deux --yes
echo "manage: ok"
