#!/bin/sh
# embed.sh FILE... - print files as a C table, so that the program is a single file: the SQL, the
# claims, the paper's numbers and the report's style sheet. A file is found by its path below results/
# ("schema/001_init.sql", "queries/rank.sql", "claims/NAME.yaml", "paper.tsv"), the style sheet by its
# name ("report.css").
LC_ALL=C
export LC_ALL
echo '/* Written by results/store/embed.sh. */'
echo '#include "results/store/embed.h"'
echo 'const struct embedded embedded_files[] = {'
for f in "$@"; do
    name=${f#results/}
    echo "    { \"${name#plots/report/}\", \"\""
    # "?" is escaped because two of them would start a trigraph.
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/      "/' -e 's/$/\\n"/' "$f" || exit 1
    echo '    },'
done
echo '    { 0, 0 }'
echo '};'
