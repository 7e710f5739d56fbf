#!/bin/sh
# Small measurements of every kind: exit statuses, tables, JSON, what is stored, and refusals. No
# speeds.
. "$(dirname "$0")/sweep_lib.sh"
export LOWRANK_HOME="$T/home" TMPDIR="$T/tmp"
mkdir "$TMPDIR" || exit 1
small="--seconds 0.002"
keys='batch=2 rank=2 steps=2'

# json ARGS - a measurement printed as valid JSON; its rows on standard output as "key=value" words.
json() {
    "$L" bench "$@" --format json >"$T/out" 2>"$T/err" || die "bench $*: $(cat "$T/err")"
    python3 -c 'import json, sys
for row in json.load(open(sys.argv[1])):
    print(" ".join("%s=%s" % (k, str(v).replace(" ", "_")) for k, v in row.items()))' "$T/out" ||
        die "bench $*: $(cat "$T/out")"
}
# has FILE WORD... - every row has these words
has() {
    file=$1
    shift
    for w in "$@"; do grep -vq "$w" "$file" && die "no $w: $(head -n 3 "$file")"; done
}

json gemm tiny --tokens 8 -t 2 $small >"$T/gemm"
has "$T/gemm" operation= gflops=[0-9]
grep precision=f32 "$T/gemm" >"$T/f32"
has "$T/f32" OpenBLAS=[0-9]
[ "$(grep -c 'threads=1 ' "$T/gemm")" = "$(grep -c 'threads=2 ' "$T/gemm")" ] ||
    die "gemm: not for 1 and 2 threads"
for op in forward input_gradient weight_gradient; do grep -q "=$op" "$T/gemm" ||
    die "gemm: no $op"; done
grep -q '8_x_64_x_50257' "$T/gemm" || die "gemm: no head"

json step tiny --tokens 16 -t 2 $keys $small >"$T/step"
has "$T/step" sequences=2 tokens=16 ms_best=[0-9] needed_gflops=[0-9] ratio=[0-9] \
    peak_rss_mb=[0-9] frozen_pct=[0-9]
json step tiny method=ft batch=2 steps=2 --tokens 16 -t 1 $small >"$T/step"
has "$T/step" 'trained_pct=[1-9]' 'frozen_pct=0 '
json task "$T/toy.yaml" model="$T/model" $keys -t 2 $small >"$T/task"
has "$T/task" batch=2 examples_per_s=[0-9] waiting_pct=
json forward tiny rank=2 --tokens 16 $small >"$T/forward"
has "$T/forward" to_base_q1=[0-9] to_base_q3=[0-9]
for w in base merged adapters; do grep -q "weights=$w " "$T/forward" || die "forward: no $w"; done
# The merged model computes what the model with adapters does; the base model does not.
awk '{ for (i = 1; i <= NF; i++) if (sub("difference=", "", $i)) d[NR] = $i + 0 }
    END { exit !(d[1] > 1e-3 && d[2] < 1e-4 && d[3] == 0) }' "$T/forward" ||
        die "forward: $(cat "$T/forward")"
json scale tiny --axis rank --tokens 16 $keys $small >"$T/scale"
has "$T/scale" axis=rank ms_median=[0-9] peak_rss_mb=[0-9]
json scale tiny --axis runs --tokens 16 $keys $small >"$T/scale"
[ "$(wc -l <"$T/scale")" = 3 ] || die "scale: $(cat "$T/scale")"
json sweep "$T/toy.yaml" model="$T/model" $keys --runs 2 -j 2 -t 2 $small >"$T/sweep"
has "$T/sweep" runs=2 jobs=2 frozen_pct=[0-9] waiting_pct=[0-9] speedup=[0-9] runs_per_hour=[0-9]

# Everything is stored with the facts of the machine, but nothing with --no-store; a printed table
# has a line for each number.
n=$(count "$LOWRANK_HOME" "SELECT count(*) FROM bench JOIN env USING(env_id)
    WHERE json_extract(doc, '\$.blas.core') <> ''")
[ "$n" = 8 ] || die "$n measurements are stored"
"$L" bench step tiny --tokens 16 $keys $small --no-store >"$T/out" 2>"$T/err" ||
    die "step: $(cat "$T/err")"
grep -q '^attention_pct  *[0-9]' "$T/out" || die "step: $(cat "$T/out")"
[ ! -s "$T/err" ] || die "--no-store says: $(cat "$T/err")"
"$L" bench step tiny --tokens 16 $keys $small --home "$T/other" 2>&1 >/dev/null |
    grep -q "$T/other/lowrank.db" ||
    die "it does not say where the numbers are stored"
[ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM bench")" = 8 ] || die "--no-store stores"
"$L" query bench kind=step --format csv | grep -q 'tiny ft' || die "query bench"
if command -v gnuplot >/dev/null; then
    for f in bench_scale bench_history; do "$L" figure $f --format svg >/dev/null ||
        die "figure $f"; done
fi

# refuse STATUS TEXT ARGS
refuse() {
    code=$1 text=$2
    shift 2
    "$L" bench "$@" >"$T/out" 2>"$T/err"
    rc=$?
    [ $rc = "$code" ] && [ ! -s "$T/out" ] && grep -q "$text" "$T/err" ||
        die "bench $*: exit $rc: $(cat "$T/err")"
}
refuse 2 "did you mean 'step'" stpe
refuse 2 "did you mean 'minilm'" step minlm
refuse 2 "did you mean 'lora'" step tiny method=lroa
refuse 2 "unknown key 'rnak'; did you mean 'rank'" step tiny rnak=4
refuse 2 "the model has 512 positions" step tiny --tokens 513
refuse 2 "examples are random" step tiny task=mrpc
refuse 2 "no update that can be merged" forward tiny method=bitfit
refuse 2 "takes a geometry and flags" gemm tiny rank=4
refuse 2 "seeds 1 to N" sweep "$T/toy.yaml" model="$T/model" seed=3
refuse 2 "one of all, model" scale tiny --axis lenght
# Ctrl-C: exit status 130, and nothing is stored.
# interrupt CHILDREN ARGUMENT... - one SIGINT to all processes, as a terminal sends it (timeout(1)
# would send two), as soon as the program and so many of its children catch it
interrupt() {
    python3 -c 'import os, signal, subprocess, sys, time
def catches(pid):
    try:
        return int(open("/proc/%s/status" % pid).read().split("SigCgt:")[1].split()[0], 16) & 2
    except OSError:
        return 0
p = subprocess.Popen(sys.argv[2:], start_new_session=True)
for _ in range(6000):
    children = open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read().split()
    if catches(p.pid) and len(children) >= int(sys.argv[1]) and all(map(catches, children)):
        break
    time.sleep(0.01)
os.killpg(p.pid, signal.SIGINT)
sys.exit(p.wait())' "$1" "$L" bench $2 $small
}
for c in "0 step tiny steps=1000000" "1 scale tiny --axis runs steps=1000000" \
    "1 sweep $T/toy.yaml model=$T/model steps=1000000"; do
    interrupt "${c%% *}" "${c#* }" >"$T/out" 2>"$T/err"
    rc=$?
    [ $rc = 130 ] && [ ! -s "$T/out" ] || die "stopped bench $c: exit $rc: $(cat "$T/out" "$T/err")"
done
[ "$(count "$LOWRANK_HOME" "SELECT count(*) FROM bench")" = 8 ] ||
    die "a refused or stopped measurement is stored"
[ -z "$(ls "$TMPDIR")" ] || die "sweep leaves $(ls "$TMPDIR")"
exit 0
