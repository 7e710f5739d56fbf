#!/bin/sh
# Nothing that a person reads is wider than 80 columns where there is no terminal: the help of every
# command and topic, and every list. --wide prints a table in full. On a terminal verdicts are
# colored, unless NO_COLOR is set.
set -u
L=${LOWRANK:?}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LOWRANK_HOME="$tmp/home" LC_ALL=C.UTF-8
bad=0

# narrow COMMAND... - its output has lines of at most 80 characters, and is not empty.
narrow() {
    "$L" "$@" >"$tmp/out" 2>"$tmp/log" || { echo "$*: $(cat "$tmp/log")"; bad=1; }
    [ -s "$tmp/out" ] || { echo "$*: prints nothing"; bad=1; }
    # wc -L counts columns, not bytes
    w=$(wc -L <"$tmp/out")
    [ "$w" -le 80 ] || { echo "$*: $w columns"; bad=1; }
}
for c in $("$L" help | sed -n 's/^  \([a-z][a-z0-9_-]*\)  *[a-z].*/\1/p'); do
    narrow "$c" --help
done
for t in recipe exit environment; do narrow help $t; done
narrow help
narrow run method=dora --help
for k in methods tasks models studies figures queries metrics; do narrow list $k; done
for c in table query figure claims ablate; do narrow $c --list; done
"$L" list queries | grep -qE '^(fig|cmd|page|claim)_' && { echo "internal queries are listed"; bad=1; }
"$L" list studies --wide >"$tmp/out"
[ "$(wc -L <"$tmp/out")" -gt 80 ] || { echo "--wide is not wide"; bad=1; }
"$L" run method=dora --help | grep -q 'init_rank' && { echo "dora has keys of adalora"; bad=1; }

# A terminal of 60 columns, if script(1) can make one.
if command -v script >/dev/null && [ -n "${TERM:=xterm}" ] && export TERM=xterm &&
    script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    script -qec "stty cols 60; '$L' list metrics" /dev/null </dev/null 2>/dev/null | tr -d '\r' \
        >"$tmp/out"
    [ "$(wc -L <"$tmp/out")" -le 60 ] || { echo "not 60: $(cat "$tmp/out")"; bad=1; }
fi
[ $bad = 0 ] && echo "width: ok"
exit $bad
