#!/bin/sh
# "fetch" against a server that cuts, lies, loops, stalls, or refuses ranges: the model is whole or
# absent, and the same command run again completes it.
. "$(dirname "$0")/faults_lib.sh"
trap 'kill $server $stalled 2>/dev/null; rm -rf "$T"' EXIT

# A model of two files in a wheel, its card, and the card's limits.
python3 - "$T" <<'PY' || exit 1
import hashlib, os, sys, zipfile
top = sys.argv[1]
files = {"config.json": b"{}\n", "sub/weights": bytes(range(256)) * 400}
def sha(b): return hashlib.sha256(b).hexdigest()
def wheel(name, stored=zipfile.ZIP_DEFLATED, content=files):
    path = os.path.join(top, name)
    with zipfile.ZipFile(path, "w", stored) as z:
        for k, v in content.items():
            z.writestr(zipfile.ZipInfo("toy/model/" + k, (2020, 1, 1, 0, 0, 0)), v, stored)
    return path
def card(share, path, unpacked):
    os.makedirs(os.path.join(top, share, "experiments/models"))
    data = open(path, "rb").read()
    with open(os.path.join(top, share, "experiments/models/toy.yaml"), "w") as f:
        f.write("model: toy\ntitle: a toy\nlicence: none\npackage: toy-model\nversion: 1.0\n"
                "wheel: toy_model-1.0-py3-none-any.whl\nsha256: %s\nsize: %d\nfolder: toy/model\n"
                "unpacked: %d\nfiles:\n" % (sha(data), len(data), unpacked))
        for k, v in files.items():
            f.write("  %s: %s\n" % (k, sha(v)))
total = sum(map(len, files.values()))
good = wheel("toy.whl", zipfile.ZIP_STORED)
card("share", good, total)
card("share_small", good, total - 1)
card("share_huge", good, 10 ** 12 - 1)
# a wheel that expands to 300 MB, one that says it has 3 bytes where it has 300 MB
bomb = wheel("bomb.whl", content={"config.json": bytes(300 * 10 ** 6), "sub/weights": b""})
card("share_bomb", bomb, total)
data = bytearray(open(bomb, "rb").read())
for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
    i = data.index(magic)
    data[i + at:i + at + 4] = (3).to_bytes(4, "little")
open(os.path.join(top, "lies.whl"), "wb").write(data)
card("share_lies", os.path.join(top, "lies.whl"), total)
PY
W=toy_model-1.0-py3-none-any.whl
mkdir "$T/files"
ln -s ../toy.whl "$T/files/$W"
python3 "$(dirname "$0")/fetch_server.py" "$T" &
server=$!
echo whole >"$T/mode"
wait_for test -s "$T/port"
mkdir "$T/bin"
cat >"$T/bin/pip3" <<END
#!/bin/sh
echo "  Found link http://127.0.0.1:$(cat "$T/port")/files/$W#sha256=0 (from http://127.0.0.1/simple)"
END
chmod +x "$T/bin/pip3"
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
export PATH="$T/bin:$PATH" LOWRANK_SHARE="$T/share"
n=$(wc -c <"$T/toy.whl")

# A server that is silent for 30 s has failed; what came before is kept. Waited for at the end.
echo stall >"$T/mode"
"$L" fetch toy --home "$T/stalled" >"$T/stalled.out" 2>"$T/stalled.log" &
stalled=$!
wait_for test -s "$T/requests"

# fetch STATUS MODE [FLAG...] - into a home of its own unless $home is set
fetch() {
    want=$1
    echo "$2" >"$T/mode"
    : >"$T/requests"
    shift 2
    "$L" fetch toy --home "$home" "$@" >"$T/out" 2>"$T/log"
    rc=$?
    [ $rc = "$want" ] || die "$(cat "$T/mode"): status $rc, not $want: $(cat "$T/log")"
    [ "$want" = 0 ] || [ "$(wc -l <"$T/log")" = 1 ] || die "not one line: $(cat "$T/log")"
    if [ "$want" = 0 ]; then
        cmp -s "$home/models/toy/config.json" - <<-END || die "no config.json"
	{}
	END
        [ "$(ls "$home/models")" = toy ] || die "left over: $(ls "$home/models")"
    else
        [ ! -e "$home/models/toy" ] && [ ! -e "$home/models/$W" ] || die "$want: a model appeared"
    fi
}
says() { grep -q -- "$1" "$T/log" || die "no '$1' in: $(cat "$T/log")"; }
part() { ls -l "$home/models/$W.part" 2>/dev/null | awk '{ print $5 }'; }
asked() { [ "$(tr '\n' ' ' <"$T/requests")" = "$1 " ] || die "asked: $(cat "$T/requests")"; }

# What is missing is fetched, with and without ranges.
for how in whole "no ranges"; do
    home="$T/cut $how"
    fetch 6 cut
    says 'continues where it stopped'
    [ "$(part)" = $((n / 2)) ] || die "the part has $(part) bytes"
    fetch 0 "$how"
done
home="$T/resumed"
fetch 6 short
says "sent $((n / 2)) of the expected $n bytes"
fetch 0 whole
asked "bytes=$((n / 2))-"

# A part that is complete, too long, or of another file.
for content in complete long other half-other; do
    home="$T/$content"
    mkdir -p "$home/models"
    case $content in
    complete) cat "$T/toy.whl" ;;
    long) cat "$T/toy.whl" "$T/mode" ;;
    other) head -c "$n" /dev/zero ;;
    half-other) head -c $((n / 2)) /dev/zero ;;
    esac >"$home/models/$W.part"
    fetch 0 whole
    case $content in
    complete) [ ! -s "$T/requests" ] || die "complete, but asked for" ;;
    half-other) asked "bytes=$((n / 2))- all" ;;
    *) asked all ;;
    esac
done

# What is wrong is refused and leaves nothing that a later attempt would continue.
home="$T/wrong"
fetch 3 other
says 'has SHA-256'
[ -z "$(part)" ] || die "a wrong file is kept"
fetch 3 endless
says "more than the expected $n bytes"
[ -z "$(part)" ] || die "a file that is too long is kept"
fetch 6 absent
says 404
[ "$(part)" = 0 ] || die "an error page is kept: $(part)"
fetch 6 loop
says redirects
fetch 0 whole

# Sizes are limits: of the disk, of all files, of each file while it is unpacked.
home="$T/limits"
LOWRANK_SHARE="$T/share_huge" fetch 4 whole
says 'takes .* MB in .*, which has .* MB left'
[ ! -s "$T/requests" ] || die "downloaded without space for it"
LOWRANK_SHARE="$T/share_small" fetch 3 whole --from "$T/toy.whl"
says "have at most $((256 * 400 - 1)) more"
LOWRANK_SHARE="$T/share_bomb" fetch 3 whole --from "$T/bomb.whl"
says "300000000 bytes"
LOWRANK_SHARE="$T/share_lies" fetch 3 whole --from "$T/lies.whl"
says "longer than the wheel says\|cannot unpack"
fetch 0 whole --from "$T/toy.whl"

# Of two at once, one downloads and the other waits for it.
home="$T/both"
echo half >"$T/mode"
: >"$T/requests"
"$L" fetch toy --home "$home" >"$T/first.out" 2>"$T/first.log" &
first=$!
wait_for test -s "$T/requests"
: >"$T/second.log"
"$L" fetch toy --home "$home" >"$T/second.out" 2>"$T/second.log" &
second=$!
wait_for grep -q "another 'lowrank fetch' is at work" "$T/second.log"

touch "$T/go" # soon: to the first of the two a server that waits is silent, too
wait $first || die "the first of two: $(cat "$T/first.log")"
wait $second || die "the second of two: $(cat "$T/second.log")"
asked all
cmp -s "$T/first.out" "$T/second.out" || die "two different folders"

wait "$stalled"
rc=$?
[ $rc = 6 ] || die "a stalled server: status $rc: $(cat "$T/stalled.log")"
grep -q 'continues where it stopped' "$T/stalled.log" || die "stalled: $(cat "$T/stalled.log")"
stalled=
home="$T/stalled"
fetch 0 whole
asked "bytes=$((n / 2))-"
