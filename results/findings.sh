#!/bin/sh
# findings.sh LOWRANK FOLDER - writes what the store holds as files: a CSV file for each study and table
# that has rows, all runs, where they were made, the verdicts, the report, and STUDIES.md, which says
# of every study and analysis what is there and what is not.
L=$1 to=$2
# Tables that need a run or a study to be named, or list raw rows, or are part of STUDIES.md.
not_findings=' analysed bench cells curves findings generations paper provenance runs study subspace trials '
log=$(mktemp) || exit
trap 'rm -f "$log"' EXIT

mkdir -p "$to" && rm -f "$to"/*.csv || exit
# table FILE ARGUMENT... - the table with these arguments, unless it is empty. What else is wrong is said.
table() {
    file=$to/$1.csv
    shift
    "$L" table "$@" --format csv >"$file" 2>"$log" && [ "$(wc -l <"$file")" -gt 1 ] && return
    rm "$file"
    grep -v "still empty\|no runs yet\|no results yet\|shows what there is" "$log" | sed "s|^|$(basename "$file" .csv): |" >&2
}

"$L" list studies --format csv >"$log" || exit
shipped=$(sed '1d; s/,.*//' "$log")
json="[$(echo "$shipped" | sed 's/.*/"&"/' | paste -s -d ,)]"
"$L" query findings "studies=$json" --format csv >"$to/studies.csv" || exit
tables=" $("$L" table --list --format csv | sed '1d; s/,.*//' | tr '\n' ' ')"
for name in $tables; do
    case $not_findings in *" $name "*) ;; *) table "$name" "$name" ;; esac
done
# A study without a table of its own, whether it is the program's or somebody's.
for name in $(sed '1d; /,not run yet,/d; s/,.*//' "$to/studies.csv"); do
    case $tables in *" $name "*) ;; *) table "$name" "$name" ;; esac
done
for query in runs provenance; do
    "$L" query $query --format csv >"$to/$query.csv" || exit
done
"$L" claims --format csv >"$to/claims.csv" && "$L" claims >"$to/claims.txt" || exit
{
    cat <<'END'
# What these findings are from

`make findings` writes this file from the store. A study is complete when every run that it reports is done, for the
seeds that it was last asked for. Each of them has its table in a CSV file, and the verdicts are in `claims.txt`.

END
    "$L" query findings "studies=$json" --format md
    printf '\n## Analyses\n\n'
    "$L" query analysed --format md >"$log" && [ "$(wc -l <"$log")" -gt 2 ] && cat "$log" || echo "None has been computed."
    missing=
    for name in $("$L" ablate --list | sed -n 's/^\([a-z_][a-z_]*\) .*/\1/p'); do
        grep -q "| $(echo "$name" | sed 's/_/\\\\_/g') |" "$log" || missing="$missing, $name"
    done
    [ -z "$missing" ] || printf '\nNot computed here: %s.\n' "${missing#, }"
} >"$to/STUDIES.md" || exit
"$L" report --out "$to/report.html"
