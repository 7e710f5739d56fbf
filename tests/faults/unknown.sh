#!/bin/sh
# What cannot be told is not taken for absent: a file behind a circle of links, which even root
# cannot read, is named instead of being left out.
. "$(dirname "$0")/faults_lib.sh"
circle() { rm -rf "$1"; ln -s "$(basename "$1")" "$1"; }
why='Too many levels of symbolic links'
M="$T/copy"
# with_circle FILE COMMAND... - FILE of a copy of the model is a circle
with_circle() {
    rm -rf "$M"
    cp -r "$T/model" "$M"
    mkdir -p "$(dirname "$M/$1")"
    circle "$M/$1"
    name=$1
    shift
    shows "$name"
    expect 3 "$(basename "$name")'.*$why" "$@"
    one_line
}
echo "red w01" >"$T/in"
for file in config.json tokenizer.json tokenizer_config.json special_tokens_map.json \
    added_tokens.json sentence_bert_config.json 1_Pooling/config.json; do
    with_circle $file "$L" run model="$M" task="$T/toy.yaml" steps=1 --home "$T/no"
done
for file in train.tsv dev.tsv test.tsv; do
    rm -rf "$T/data2"
    cp -r "$T/data" "$T/data2"
    circle "$T/data2/toy/$file"
    shows "$file"
    expect 3 "$file'.*$why" "$L" run model="$T/model" task="$T/toy.yaml" steps=1 --home "$T/no" \
        --data "$T/data2"
done

shows "the database"
mkdir "$T/db"
circle "$T/db/lowrank.db"
for command in "plan $S --no-calibrate" status "sweep $S" "run model=$T/model task=$T/toy.yaml"; do
    expect 4 "lowrank.db'.*$why" "$L" $command --home "$T/db"
    one_line
done

shows "folders of adapters and models"
mkdir "$T/home"
circle "$T/home/adapters"
expect 3 "adapters'.*$why" "$L" merge "$T/model" 0123abcd "$T/merged" --home "$T/home"
circle "$T/home/models"
"$L" list models --home "$T/home" >"$T/out" 2>"$T/log"
grep -q "cannot read folder '$T/home/models'" "$T/log" || die "list models: $(cat "$T/log")"
mkdir "$T/share"
circle "$T/share/experiments"
LOWRANK_SHARE="$T/share" "$L" list tasks --home "$T/home" >"$T/out" 2>"$T/log"
grep -q "cannot read folder '$T/share/experiments/tasks'" "$T/log" || die "$(cat "$T/log")"

shows "a home whose name looks like a pattern"
mkdir -p "$T/h[a]*/models"
cp -r "$T/model" "$T/h[a]*/models/mine"
expect 0 "" "$L" list models --home "$T/h[a]*"
grep -q '^mine ' "$T/out" || die "$(cat "$T/out")"

shows "a folder that may not be read"
expect 0 "" "$L" run model="$T/model" task="$T/toy.yaml" steps=1 --home "$T/whole"
mkdir "$T/whole/cache/closed"
chmod 000 "$T/whole/cache/closed"
if ls "$T/whole/cache/closed" >/dev/null 2>&1; then
    echo "skip: root may read every folder"
else
    expect 1 "" "$L" verify --home "$T/whole"
    grep -q 'closed' "$T/out" || die "$(cat "$T/out")"
fi
chmod 700 "$T/whole/cache/closed"

shows "a lease of an owner that nobody understands"
stale() { count "$T/whole" "SELECT owner_stale('$1', unixepoch() + $2, 1e18)"; }
for owner in somebody host:boot host:x:boot; do
    [ "$(stale $owner 3600)" = 0 ] || die "$owner is taken for dead"
    [ "$(stale $owner -3600)" = 1 ] || die "the lease of $owner never ends"
done
exit 0
