#!/bin/sh
# embed.sh - print the SQL, the claims, the paper's numbers and the report's style of this folder as a C table, so that
# the program is one file.
# Names are relative to results/: "schema/001_init.sql", "queries/rank.sql", "claims/NAME.yaml", "paper.tsv".
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")" || exit 1
echo '/* Written by results/embed.sh. */'
echo '#include "results/embed.h"'
echo 'const struct embedded embedded_files[] = {'
for f in schema/*.sql queries/*.sql claims/*.yaml paper.tsv report.css; do
    [ -f "$f" ] || continue
    echo "    { \"$f\", \"\""
    # "?" is escaped because two of them would begin a trigraph.
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/      "/' -e 's/$/\\n"/' "$f" || exit 1
    echo '    },'
done
echo '    { 0, 0 }'
echo '};'
