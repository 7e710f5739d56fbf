#!/bin/sh
# Every command explains itself, with an example, on standard output.
set -u
bad=0
no() {
    echo "$*"
    bad=1
}
L=${LOWRANK:?}
out=$("$L" help) || no "help: exit $?"
names=$(printf '%s\n' "$out" | sed -n 's/^  \([a-z][a-z0-9_-]*\)  *[a-z].*/\1/p')
for want in doctor list params bench logits merge fetch tokenize parity; do
    printf '%s\n' "$names" | grep -qx "$want" || no "'lowrank help' does not list '$want'"
done
[ "$("$L" --help)" = "$out" ] || no "--help is not help"
"$L" --version | grep -q '^lowrank [0-9][0-9.]* (f[36][24])$' || no "--version: $("$L" --version)"
for c in $names; do
    text=$("$L" "$c" --help 2>/dev/null) || no "$c --help: exit $?"
    printf '%s\n' "$text" | head -n 1 | grep -q "^usage: lowrank $c" || no "$c --help: no usage line"
    printf '%s\n' "$text" | grep -A1 '^example$' | grep -q "lowrank $c" || no "$c --help: no example"
    [ -z "$("$L" "$c" --help 2>&1 >/dev/null)" ] || no "$c --help writes to standard error"
    printf '%s\n' "$text" | awk 'length > 160 { exit 1 }' || no "$c --help: a line is too long"
    [ "$("$L" help "$c")" = "$text" ] || no "help $c is not $c --help"
    "$L" "$c" --usage | head -n 1 | grep -q "^usage: lowrank $c" || no "$c --usage"
done
exit $bad
