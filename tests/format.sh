#!/bin/sh
# format.sh - every C file as clang-format has it, and no line of more than 100 columns, which
# clang-format allows in comments and strings.
cd "$(dirname "$0")/.." || exit 1
files=$(find core experiments ablations results plots tests -name '*.[ch]' | sort)
bad=0
clang-format --dry-run -Werror $files || bad=1
# Columns, not bytes: a continuation byte of UTF-8 takes no column.
LC_ALL=C awk '{ line = $0; gsub(/[\200-\277]/, "", line) }
    length(line) > 100 {
        print FILENAME ":" FNR ": error: " length(line) " columns; at most 100 are allowed"
        bad = 1
    }
    END { exit bad }' $files || bad=1
[ $bad = 0 ] && echo "format: ok"
exit $bad
