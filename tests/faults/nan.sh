#!/bin/sh
# A value that is not finite, in one tensor after another of the weights and of an adapter: it is
# named before anything is trained or computed from it. Training that diverges says so.
. "$(dirname "$0")/faults_lib.sh"
cat >"$T/spoil.py" <<'PY'
import json, struct, sys
path, to, name, value = sys.argv[1:5]
data = bytearray(open(path, "rb").read())
n = struct.unpack("<Q", data[:8])[0]
names = [k for k in json.loads(data[8:8 + n]) if k != "__metadata__"]
if name == "list":
    sys.exit(print("\n".join(names)))
at = json.loads(data[8:8 + n])[name]["data_offsets"]
at = 8 + n + (at[0] + at[1]) // 8 * 4
data[at:at + 4] = struct.pack("<f", float(value))
open(to, "wb").write(data)
PY
spoil() { python3 "$T/spoil.py" "$@" || die "spoil $*"; }
W="$T/model/model.safetensors"
cp "$W" "$T/good"
run="model=$T/model task=$T/toy.yaml epochs=1 batch=8"

shows "weights"
n=0
for name in $(spoil "$T/good" - list -); do
    spoil "$T/good" "$W" "$name" "$([ $((n % 3)) = 2 ] && echo inf || echo nan)"
    expect 3 "tensor '$name' of '$W' has a" "$L" run $run lr=0.01 --home "$T/home"
    one_line
    n=$((n + 1))
done
[ $n -gt 30 ] || die "only $n tensors"
cp "$T/good" "$W"

shows "an adapter"
expect 0 "" "$L" run $run lr=0.01 --home "$T/home"
A=$(echo "$T"/home/adapters/*/last)
cp "$A/adapter_model.safetensors" "$T/good"
for name in $(spoil "$T/good" - list -); do
    spoil "$T/good" "$A/adapter_model.safetensors" "$name" nan
    expect 3 "tensor '$name' of .* has a NaN" "$L" logits "$T/model" --adapter "$A"
done
name=$(spoil "$T/good" - list - | grep -m 1 lora_B)
spoil "$T/good" "$A/adapter_model.safetensors" "$name" nan
expect 3 "has a NaN" "$L" merge "$T/model" "$A" "$T/merged"
[ ! -e "$T/merged" ] || die "a folder was written"
expect 3 "has a NaN" "$L" run $run lr=0.02 "init_from=$A" --home "$T/home"

shows "training that diverges is recorded as that, without a result"
expect 1 "is not finite at step" "$L" run $run lr=1e10 method=ft warmup=0 --home "$T/home"
[ "$(count "$T/home" "SELECT count(*) FROM run WHERE state = 'diverged'")" = 1 ] || die "no such run"
[ "$(count "$T/home" "SELECT count(*) FROM final JOIN run r USING(run_id)
    WHERE r.state = 'diverged'")" = 0 ] || die "it has a result"
exit 0
