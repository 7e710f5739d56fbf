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
