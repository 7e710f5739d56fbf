#!/bin/sh
# Every command explains itself: --help with an example on standard output, a man page without
# warnings, and completion for bash and zsh that knows all of its flags.
set -u
bad=0
no() {
    echo "$*"
    bad=1
}
L=${LOWRANK:?}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
out=$("$L" help) || no "help: exit $?"
names=$(printf '%s\n' "$out" | sed -n 's/^  \([a-z][a-z0-9_-]*\)  *[a-z].*/\1/p')
for want in doctor list params bench logits merge fetch tokenize parity help; do
    printf '%s\n' "$names" | grep -qx "$want" || no "'lowrank help' does not list '$want'"
done
[ "$("$L" --help)" = "$out" ] || no "--help is not help"
"$L" --version | grep -q '^lowrank [0-9][0-9.]* (f[36][24])$' || no "--version: $("$L" --version)"

command -v mandoc >/dev/null || echo "skip: man pages are not checked: mandoc is not installed"
command -v zsh >/dev/null || echo "skip: completion for zsh is not checked: zsh is not installed"
# lint FILE - no tool that is here has anything to say about a man page.
lint() {
    ! command -v mandoc >/dev/null || mandoc -Tlint "$1" >"$tmp/lint" 2>&1 ||
        no "mandoc: $(cat "$tmp/lint")"
    ! command -v groff >/dev/null || groff -man -Tascii -ww "$1" 2>"$tmp/lint" >/dev/null ||
        no "groff: exit $?"
    [ ! -s "$tmp/lint" ] || no "groff: $(cat "$tmp/lint")"
}
# flags - the long flags in a help text on standard input
flags() {
    sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'
}
"$L" help --completion bash >"$tmp/bash" || no "help --completion bash: exit $?"
"$L" help --completion zsh >"$tmp/zsh" || no "help --completion zsh: exit $?"
"$L" help --man >"$tmp/lowrank.1" || no "help --man: exit $?"
lint "$tmp/lowrank.1"
for c in $names; do
    grep -q "lowrank.-$c" "$tmp/lowrank.1" || no "lowrank(1) does not mention lowrank-$c"
    text=$("$L" "$c" --help 2>/dev/null) || no "$c --help: exit $?"
    printf '%s\n' "$text" | head -n 1 | grep -q "^usage: lowrank $c" || no "$c --help: no usage"
    printf '%s\n' "$text" | grep -A1 '^example$' | grep -q "lowrank $c" || no "$c: no example"
    [ -z "$("$L" "$c" --help 2>&1 >/dev/null)" ] || no "$c --help writes to standard error"
    printf '%s\n' "$text" | LC_ALL=C tr -d '\200-\277' |
        awk 'length > 80 && !/^ *lowrank / { exit 1 }' ||
        no "$c --help: a line has more than 80 columns"
    [ "$("$L" help "$c")" = "$text" ] || no "help $c is not $c --help"
    "$L" "$c" --usage | head -n 1 | grep -q "^usage: lowrank $c" || no "$c --usage"
    "$L" help --man "$c" >"$tmp/$c.1" || no "help --man $c: exit $?"
    lint "$tmp/$c.1"
    tr -d '\\' <"$tmp/$c.1" >"$tmp/plain"
    sed -n "/^    $c)/,/;;/p" "$tmp/bash" >"$tmp/words"
    sed -n "/^    $c)/,/^    [a-z]*)/p" "$tmp/zsh" >"$tmp/specs"
    for f in $(printf '%s\n' "$text" | flags); do
        grep -q -- "fB--${f}fR" "$tmp/plain" || no "the man page of $c lacks --$f"
        grep -qE -- "--$f( |')" "$tmp/words" || no "completion of $c for bash lacks --$f"
        grep -qE -- "--$f[]=[})]" "$tmp/specs" || no "completion of $c for zsh lacks --$f"
    done
    for s in NAME SYNOPSIS DESCRIPTION OPTIONS EXAMPLE "EXIT STATUS" "SEE ALSO"; do
        grep -q "^.SH $s\$" "$tmp/$c.1" || no "the man page of $c lacks $s"
    done
done
# The parts of a command with options of their own.
for a in $("$L" ablate --list | cut -d' ' -f1); do
    for f in $("$L" ablate "$a" --help | flags); do
        tr -d '\\' <"$tmp/ablate.1" | grep -q -- "fB--${f}fR" || no "lowrank-ablate(1) lacks --$f"
        grep -q -- "^    'ablate $a') flags=.*--$f[ ']" "$tmp/bash" ||
            no "completion of ablate $a for bash lacks --$f"
    done
done

# Topics.
"$L" help recipe | grep -q '^  rank  *' || no "help recipe does not explain 'rank'"
"$L" run --help | grep -q '^  rank  *' || no "run --help does not explain 'rank'"
"$L" help exit | grep -q '^130' || no "help exit has no 130"
"$L" help environment | grep -q '^LOWRANK_HOME ' || no "help environment has no LOWRANK_HOME"
"$L" help exit | while read -r status meaning; do
    grep -qF "${meaning%% *}" "$tmp/lowrank.1" || echo "lowrank(1) lacks exit status $status"
done >"$tmp/lacks"
[ ! -s "$tmp/lacks" ] || no "$(cat "$tmp/lacks")"
"$L" help enviroment 2>&1 | grep -q "did you mean 'environment'" ||
    no "help enviroment: no suggestion"
"$L" help --man swep 2>&1 | grep -q "did you mean 'sweep'" || no "help --man swep: no suggestion"
SOURCE_DATE_EPOCH=86400 "$L" help --man | grep -q '^.TH LOWRANK 1 1970-01-02 ' ||
    no "SOURCE_DATE_EPOCH does not date the man page"

# What the scripts complete.
! command -v zsh >/dev/null || zsh -n "$tmp/zsh" || no "zsh does not accept its completion script"
if command -v bash >/dev/null; then
    mkdir "$tmp/bin" && ln -s "$L" "$tmp/bin/lowrank"
    cat >"$tmp/try" <<'END'
source "$1"
# try WANTED WORDS...: WANTED is among the completions of the last word.
try() {
    local wanted=$1
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _lowrank
    [[ " ${COMPREPLY[*]} " == *" $wanted "* ]] ||
        echo "bash: no '$wanted' after '$*': ${COMPREPLY[*]}"
}
try sweep lowrank sw
try rank= lowrank run ra
try auto lowrank run precision = a
try supersense lowrank run task = ''
try lora lowrank run rank=4 method = l
try csv lowrank table --format ''
try csv lowrank table -f ''
try csv lowrank table --format = c
try rank lowrank table ra
try lowdata lowrank table lowd
try phi_rank lowrank figure phi
try lowdata lowrank figure lowd
try rank lowrank plan ''
try subspace lowrank ablate s
try --side lowrank ablate weights --s
try output lowrank ablate weights --side ''
try gemm lowrank bench g
try tasks lowrank list t
try recipe lowrank help re
try zsh lowrank help --completion ''
END
    PATH="$tmp/bin:$PATH" LOWRANK_HOME="$tmp/home" bash "$tmp/try" "$tmp/bash" >"$tmp/said" 2>&1
    [ ! -s "$tmp/said" ] || no "$(cat "$tmp/said")"
fi
exit $bad
