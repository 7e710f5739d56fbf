# faults_lib.sh - sourced by scripts that inject faults.
HERE=$(dirname "$0")
case $HERE in */slow) HERE=$HERE/.. ;; esac
HERE=$HERE/../cli
. "$HERE/sweep_lib.sh"
S="$T/study.yaml"

# one_line - what was printed last on standard error is one line.
one_line() { [ "$(wc -l <"$T/log")" = 1 ] || die "not one line: $(cat "$T/log")"; }
# intact HOME - SQLite finds nothing wrong with the database there.
intact() {
    expect 0 "" "$L" verify --home "$1"
}
# traceable - may strace trace a process here? Some containers refuse it.
traceable() { command -v strace >/dev/null && strace -o "$T/trace" true 2>"$T/dd"; }
# shim NAME - compile shims/NAME.c into $T/NAME.so, for LD_PRELOAD. A sanitizer's own functions
# stand in the way of such replacements.
shim() {
    grep -q __asan_init "$L" && { echo "$1: a sanitizer has functions of its own"; exit 77; }
    ${CC:-cc} -O1 -shared -fPIC -o "$T/$1.so" "$HERE/../faults/shims/$1.c" -ldl || die "shim $1"
}
