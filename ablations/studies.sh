#!/bin/sh
# studies.sh LOWRANK - runs every study in its quick form and every analysis, then prints the
# verdicts and writes the report. LOWRANK_DATA names a folder with GLUE's files; without it, the
# studies whose files are not there are left out, and so are the analyses of them.
L=$1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
left_out=

"$L" fetch minilm >/dev/null && "$L" prepare supersense hypernym >/dev/null || exit
for study in $("$L" list studies --format csv | sed '1d; s/,.*//'); do
    if ! "$L" plan "$study" --no-calibrate >/dev/null 2>"$log"; then
        [ -z "$LOWRANK_DATA" ] && grep -q "LOWRANK_DATA" "$log" || { cat "$log" >&2; exit 1; }
        left_out="$left_out $study"
        continue
    fi
    "$L" sweep "$study" || exit
done

for analysis in $("$L" ablate --list | sed 's/ .*//'); do
    study=$("$L" ablate "$analysis" --help | tr -s '\n ' ' ' |
        sed -n 's/.*--study [^(]*(default \([a-z0-9_]*\)).*/\1/p')
    case "$left_out " in *" ${study:-none} "*) left_out="$left_out $analysis"; continue ;; esac
    # The study of methods has several tasks; this one needs no files of GLUE's.
    options=
    [ "$study" = methods ] && options="--task supersense"
    [ "$analysis" = intervene ] && options="--targets q,v"
    # Sentence similarity is measured on GLUE's STS-B.
    [ "$analysis$LOWRANK_DATA" = intervene ] && options="$options --no-similarity"
    "$L" ablate "$analysis" $options || exit
done

"$L" claims && "$L" report || exit
[ -z "$left_out" ] ||
    echo "left out, as GLUE's files are not here (make studies LOWRANK_DATA=DIR):$left_out"
