#!/bin/sh
# Files of models, data, and settings that are no files, are huge, or have changed since a run read
# them: one line, the right status, no results, and bounded time.
. "$(dirname "$0")/faults_lib.sh"
W="$T/model/model.safetensors"
cp "$W" "$T/right"
sed 's/study: toy/study: methods/; s/epochs: 15/epochs: 1/; s/\[1, 4, 8\]/[4, 8]/' "$S" \
    >"$T/methods.yaml"
export LOWRANK_HOME="$T/h"
"$L" sweep "$T/methods.yaml" --no-calibrate 2>"$T/log" || die "$(cat "$T/log")"
numbers() { count "$T/h" "SELECT count(*) FROM analysis"; }

shows "a file of settings that is none, is huge, or binary ends in bounded time"
mkdir "$T/folder.yaml" && mkfifo "$T/pipe.yaml" && truncate -s 2G "$T/huge.yaml"
printf '\376\377\0\1' >"$T/binary.yaml"
printf 'study: a\nbase:\n\tlr: 1\n' >"$T/tab.yaml"
printf 'study: a\na0: &a0 [x, x]\na1: [*a0, *a0]\n' >"$T/alias.yaml"
for f in folder pipe huge binary tab alias; do
    for c in "plan $T/$f.yaml" "run $T/$f.yaml" "plan $S task=$T/$f.yaml" "prepare $T/$f.yaml"; do
        # shellcheck disable=SC2086 # the words of a command
        expect 2 "$f.yaml" timeout 20 "$L" $c
        one_line
    done
done
shows "a file with a byte order mark and CRLF is a file like any other"
{ printf '\357\273\277'; sed "s/$(printf x | tr x '\r')//; s/\$/$(printf x | tr x '\r')/" "$S"; } \
    >"$T/dos.yaml"
for f in "$S" "$T/dos.yaml"; do
    "$L" plan "$f" --no-calibrate >"$T/plan" 2>"$T/log" || die "$(cat "$T/log")"
    grep -q '^6 runs of 3 cells' "$T/plan" || die "another plan: $(cat "$T/plan")"
done

shows "Ctrl-C ends the reading of a file of 8 GB"
reads() { ls -l "/proc/$1/fd" 2>/dev/null | grep -q "$2"; }
soon() {
    tries=0
    until ended "$1"; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || die "not within 2 s"
        sleep 0.02
    done
}
cp -r "$T/model" "$T/big"
mkdir -p "$T/data8/toy"
cp "$T"/data/toy/*.tsv "$T/data8/toy"
for f in "$T/big/model.safetensors" "$T/big/vocab.txt" "$T/data8/toy/train.tsv"; do
    truncate -s 8G "$f" || { echo "skip: files of 8 GB: the file system refuses them"; break; }
    case $f in *tsv) words="--data $T/data8" ;; *) words="model=$T/big" ;; esac
    for c in plan run; do
        # shellcheck disable=SC2086 # the words of a command
        "$L" $c "$S" $words >"$T/out" 2>"$T/log" &
        p=$!
        wait_for reads $p "$f"
        kill -INT $p
        soon $p
        wait $p
        rc=$?
        [ $rc = 130 ] && one_line || die "$f, $c: status $rc: $(cat "$T/log")"
    done
    case $f in *tsv) ;; *) cp "$T/model/${f##*/}" "$f" ;; esac
done
rm -r "$T/big" "$T/data8"

shows "data with other bytes, but the same size, inode, and time, are other data"
"$L" plan "$S" --no-calibrate >"$T/out" 2>&1 || die plan
sleep 2.1 # files that have just changed are not remembered
"$L" plan "$S" --no-calibrate >"$T/out" 2>&1 || die plan
D="$T/data/toy/train.tsv"
before=$(stat -c '%s %i %Y' "$D")
cp -p "$D" "$T/stamp"
printf W | dd of="$D" bs=1 seek=12 conv=notrunc 2>"$T/dd"
touch -r "$T/stamp" "$D"
[ "$before" = "$(stat -c '%s %i %Y' "$D")" ] || die "size, inode, or time differ"
for i in 1 2; do # neither taken for the old data nor refused for ever
    expect 0 "done" "$L" run "$S" rank=1 seed=1 epochs=1
done
[ "$(count "$T/h" "SELECT sha256 FROM run_input WHERE role = 'train' ORDER BY run_id DESC LIMIT 1")" \
    = "$(sha256sum <"$D" | cut -d' ' -f1)" ] || die "taken for the old data"

shows "a run is not repeated with other inputs"
expect 3 "train.tsv' changed since run [0-9a-f]* was trained ([0-9a-f]*, now [0-9a-f]*)" \
    "$L" run "$T/methods.yaml" rank=4 seed=1 --again
one_line
cp -p "$T/stamp" "$D"
expect 0 "" "$L" run "$T/methods.yaml" rank=4 seed=1 --again
printf w | dd of="$W" bs=1 seek=60000 conv=notrunc 2>"$T/dd"
expect 3 "model.safetensors' changed since run" "$L" run "$T/methods.yaml" rank=4 seed=1 --again
shows "nothing is analyzed with other inputs"
before=$(numbers)
for a in "features" "amplify --study methods --ranks 4" "weights --study methods --ranks 4,8" \
    "effective_rank"; do
    # shellcheck disable=SC2086 # the words of a command
    expect 3 "trained on the weights\|model.safetensors' changed since run" "$L" ablate $a
    one_line
done
cat "$T/right" >"$W"
printf W | dd of="$T/data/toy/dev.tsv" bs=1 seek=12 conv=notrunc 2>"$T/dd"
expect 3 "dev.tsv' changed since run" "$L" ablate features
[ "$(numbers)" = "$before" ] || die "numbers were stored"
python3 "$HERE/tiny.py" "$T" && cat "$T/right" >"$W" || die tiny

exit 0
