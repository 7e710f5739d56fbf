#!/bin/sh
# transformers and PEFT read what lowrank writes, and lowrank what these write, with the same values
# from text. PY names the Python that has them.
set -u
bad=0
L=${LOWRANK:?}
PY=${PY:-python3}
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error TQDM_DISABLE=1 LC_ALL=C
"$PY" -c 'from importlib.util import find_spec
raise SystemExit(not all(map(find_spec, ["torch", "transformers", "peft"])))' 2>/dev/null || {
    echo "no Python with torch, transformers and peft"
    exit 77
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LOWRANK_HOME="$tmp/home"
no() {
    echo "$*"
    bad=1
}
made=tests/golden/strangers
echo "golden $tmp/made 7" >"$tmp/commands"

# A model that had another task before, without the files of sentence-transformers.
base=$made/classifier
mkdir -p "$tmp/data/toy"
awk 'BEGIN { for (i = 0; i < 24; i++) print (i % 2 ? "the good cat" : "a bad dog , it is") \
    "\t" (i % 3 ? "it sat on the mat" : "not very good !") "\t" (i % 2 ? "good" : "bad") \
    "\t" (i % 5) }' >"$tmp/data/toy/train.tsv"
head -n 8 "$tmp/data/toy/train.tsv" >"$tmp/data/toy/dev.tsv"
printf 'the good cat\nA bad dog sat .\n\nunknown cats ?\n' >"$tmp/single.txt"
cp "$tmp/single.txt" "$tmp/score.txt"
printf 'the good cat\tit sat\nA bad dog\ta very bad cat !\n' >"$tmp/pair.txt"
for task in single pair score; do
    flag=
    case $task in
        single) more='kind: classification
columns: {text: "1", label: "3"}' ;;
        pair) more='kind: classification
columns: {text: "1", pair: "2", label: "3"}' flag=--pair ;;
        score) more='kind: regression
columns: {text: "1", label: "4"}
range: [0, 4]
metrics: [pearson]' labels=LABEL_0 problem=regression ;;
    esac
    [ $task = score ] || more="$more
labels: [bad, good]
metrics: [accuracy]" labels=bad,good problem=single_label_classification
    cat >"$tmp/$task.yaml" <<EOF
task: $task
dir: toy
format: tsv
header: false
splits: {train: train.tsv, dev: dev.tsv}
max_len: 16
$more
EOF
    methods=lora
    [ $task = single ] && methods='lora rslora dora rsdora patterns patterns-rsdora ft'
    for method in $methods; do
        what=$task.$method words=
        case $method in
            patterns*)
                words='rank=4 rank_pattern=v:2,1.q:3,0.v:0 alpha_pattern=1.v:5,q:20'
                method=${method#patterns}
                method=${method#-} method=${method:-lora}
                ;;
        esac
        rm -rf "$tmp/home/adapters"
        "$L" run model="$base" task="$tmp/$task.yaml" --data "$tmp/data" method=$method epochs=4 \
            $words batch=8 lr=2e-2 pooling=cls pool_scale=4 -q >"$tmp/out" 2>&1 ||
            no "$what: exit $?: $(cat "$tmp/out")"
        mv "$tmp"/home/adapters/*/last "$tmp/$what"
        key=$(ls "$tmp/home/adapters")
        mkdir -p "$tmp/home/adapters/$key" && cp -r "$tmp/$what" "$tmp/home/adapters/$key/last"
        "$L" logits "$base" --adapter "$key" $flag --format csv <"$tmp/$task.txt" \
            >"$tmp/$what.csv" 2>"$tmp/out" || no "$what: $(cat "$tmp/out")"
        "$L" merge "$base" "$tmp/$what" "$tmp/$what.merged" >"$tmp/out" 2>&1 ||
            no "$what: merge: $(cat "$tmp/out")"
        adapter=$tmp/$what
        [ $method = ft ] && adapter=-
        echo "folder $base $adapter $tmp/$what.merged $tmp/$task.txt $tmp/$what.csv $labels" \
            "$problem" >>"$tmp/commands"
    done
done

# Heads with a dense layer.
for base in mpnet roberta; do
    for method in lora ft; do
        what=$base.$method adapter=$tmp/$base.$method
        rm -rf "$tmp/home/adapters"
        "$L" run model="$made/$base" task="$tmp/pair.yaml" --data "$tmp/data" method=$method \
            max_len=64 epochs=2 batch=8 lr=2e-2 pooling=cls pool_scale=4 -q >"$tmp/out" 2>&1 ||
            no "$what: exit $?: $(cat "$tmp/out")"
        mv "$tmp"/home/adapters/*/last "$tmp/$what"
        "$L" logits "$made/$base" --adapter "$tmp/$what" --pair --format csv <"$tmp/pair.txt" \
            >"$tmp/$what.csv" 2>"$tmp/out" || no "$what: $(cat "$tmp/out")"
        "$L" merge "$made/$base" "$tmp/$what" "$tmp/$what.merged" >"$tmp/out" 2>&1 ||
            no "$what: merge: $(cat "$tmp/out")"
        [ $method = ft ] && adapter=-
        echo "folder $made/$base $adapter $tmp/$what.merged $tmp/pair.txt $tmp/$what.csv bad,good" \
            single_label_classification >>"$tmp/commands"
    done
done

# An encoder whose adapter has no classifier.
"$L" merge "$made/encoder" "$made/features" "$tmp/features" >"$tmp/out" 2>&1 ||
    no "features: merge: $(cat "$tmp/out")"
"$L" logits "$made/encoder" --adapter "$made/features" --hidden --format csv \
    <"$tmp/single.txt" >"$tmp/features.csv" 2>"$tmp/out" || no "features: $(cat "$tmp/out")"
echo "hidden $tmp/features $tmp/single.txt $tmp/features.csv" >>"$tmp/commands"
"$PY" tests/cli/strangers.py <"$tmp/commands" >"$tmp/out" 2>"$tmp/err" ||
    no "$(cat "$tmp/out"; tail -n 3 "$tmp/err")"
exit $bad
