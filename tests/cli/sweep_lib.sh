# sweep_lib.sh - sourced by scripts that train: a tiny model and task in $T, removed at the end.
# HERE is the folder of this file, when the script lies in another one.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
here=${HERE:-$(dirname "$0")}
L=${LOWRANK:-$here/../../build/lowrank}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
python3 "$here/tiny.py" "$T" || exit 1
export LOWRANK_DATA="$T/data"
unset LOWRANK_HOME

die() { echo "FAIL: ${shows:+$shows: }$*"; exit 1; }
# shows TEXT - what the next lines show; part of every failure
shows() { shows=$*; }
# expect STATUS TEXT COMMAND... - the command ends with STATUS and prints TEXT on standard error.
expect() {
    want=$1 text=$2
    shift 2
    "$@" >"$T/out" 2>"$T/log" </dev/null
    rc=$?
    [ $rc = "$want" ] || die "$* ended with $rc, not $want: $(cat "$T/log")"
    [ -z "$text" ] || grep -q -- "$text" "$T/log" || die "$* does not say '$text': $(cat "$T/log")"
}

# wait_for COMMAND... - waits until the command succeeds, at most a minute. Scripts use this where a
# sleep would be too short on a loaded machine.
wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 3000 ] || die "waited for a minute in vain: $*"
        sleep 0.02
    done
}
# catches PID - the program has installed its handlers of SIGINT, SIGUSR1, and SIGTERM. (A shell that
# is about to become the program catches SIGINT alone.)
catches() {
    mask=$(sed -n 's/^SigCgt:[[:space:]]*/0x/p' "/proc/$1/status" 2>/dev/null)
    [ $((${mask:-0} & 0x4202)) = $((0x4202)) ]
}
# ended PID - the process has ended, though its parent may not have waited for it yet.
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

# results HOME - every final number and every prediction, with all digits.
results() {
    "$L" query --home "$1" --format csv \
        "SELECT run_key, which, metric, step, printf('%!.17g', value)
        FROM final ORDER BY 1, 2, 3" &&
    "$L" query --home "$1" --format csv \
        "SELECT run_key, split, example, printf('%!.17g', output)
        FROM prediction JOIN run USING(run_id) ORDER BY 1, 2, 3"
}
# count HOME SQL - the single value of a query
count() { "$L" query --home "$1" --format csv "$2" | tail -n 1 | tr -d '\r'; }
