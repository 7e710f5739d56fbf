#!/bin/sh
# findings.sh LOWRANK FOLDER - writes what the store holds as files: a CSV file for each table that
# has rows, all runs, where they were made, the verdicts, and the report.
L=$1 to=$2
# Tables that need a run or a study to be named, or list raw rows.
not_findings=' analysed bench cells curves paper provenance runs study subspace trials '

mkdir -p "$to" && rm -f "$to"/*.csv || exit
table() { # FILE ARGUMENT... - the table with these arguments, unless it is empty or fails
    file=$to/$1.csv
    shift
    "$L" table "$@" --format csv >"$file" 2>/dev/null && [ "$(wc -l <"$file")" -gt 1 ] || rm "$file"
}
tables=" $("$L" table --list --format csv | sed '1d; s/,.*//' | tr '\n' ' ')"
for name in $tables; do
    case $not_findings in *" $name "*) ;; *) table "$name" "$name" ;; esac
done
# A study without a table of its own.
for name in $("$L" list studies --format csv | sed '1d; s/,.*//'); do
    case $tables in *" $name "*) ;; *) table "$name" "$name" ;; esac
done
for query in runs provenance; do
    "$L" query $query --format csv >"$to/$query.csv" || exit
done
"$L" claims --format csv >"$to/claims.csv" && "$L" report --out "$to/report.html"
