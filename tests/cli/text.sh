#!/bin/sh
# Names, titles, labels, and paths with escape sequences, C1 controls, marks of direction, SQL,
# percent signs, markup, and formulas: no output can steer a terminal, each format escapes them as
# it must, and they come back from the store as they were.
. "$(dirname "$0")/sweep_lib.sh"
cat >"$T/names.py" <<'PY'
import json, os, re, sys
# ESC, C1 (CSI), override of direction, isolate, line separator, newline
EVIL = "\x1b[31m\x9b2J\u202egnp\u2066.\u2028\n"
SQL = "'; DROP TABLE run; -- %s%n \U0001F468\u200d\U0001F4BB <b>&amp;_^{}$#~\\|*`\""
FORMULA = "=HYPERLINK(1)"
def unsafe(c):
    o = ord(c)
    return (o < 32 and c != "\n") or 127 <= o < 160 or o in (0x61C, 0x200E, 0x200F) or \
        0x2028 <= o <= 0x202E or 0x2066 <= o <= 0x2069
def q(s):
    return "\"%s\"" % "".join("\\U%08x" % ord(c) if unsafe(c) or c in "\"\\\n" else c for c in s)
def check(path):
    text = open(path, "rb").read().decode("utf-8")
    bad = sorted({"%04x" % ord(c) for c in text if unsafe(c)})
    if bad:
        sys.exit("%s: raw characters %s" % (path, " ".join(bad)))
PY
py() { (cd "$T" && python3 -c "from names import *; $1") || die "python: $1"; }

# A study, a model, and a task with such names.
py '
shutil = __import__("shutil")
d = os.path.join(os.getcwd(), "m" + EVIL.replace("\n", "") + "\n" + "x" + SQL.replace("/", ""))
shutil.copytree("model", d)
data = os.path.join(os.getcwd(), "data")
text = open("toy.yaml").read()
labels = [EVIL.replace("\n", "").replace("\u2028", ""), SQL.replace("\"", ""), FORMULA]
text = text.replace("task: toy\n", "task: t\u202exyz\n")
text = text.replace("labels: [c0, c1, c2]", "labels: [%s]" % ", ".join(map(q, labels)))
open("evil.yaml", "w").write(text)
for s in ("train", "dev", "test"):
    rows = open("data/toy/%s.tsv" % s).read()
    for i in range(3):
        rows = rows.replace("\tc%d\n" % i, "\t%s\n" % labels[i])
    open("data/toy/%s.tsv" % s, "w").write(rows)
open("study_evil.yaml", "w").write("study: s\u202e%%s<b>\ntitle: %s\nsource: %s\nbase: {model: %s, task: %s, "
    "epochs: 1, targets: [q, v]}\naxes: {rank: [1, 2]}\nseeds: 1\n" % (q(EVIL), q(EVIL + SQL),
    q(d), q(os.path.join(os.getcwd(), "evil.yaml"))))
open("model_path", "w").write(d)
open("home_path", "w").write(os.path.join(os.getcwd(), "home" + EVIL.replace("\n", "")))
'
M=$(cat "$T/model_path") H=$(cat "$T/home_path")
n=0
# shown STATUS COMMAND... - neither standard output nor standard error has a raw character
shown() {
    want=$1
    shift
    "$L" "$@" --home "$H" >"$T/out" 2>"$T/err" </dev/null
    rc=$?
    [ $rc = "$want" ] || die "$*: status $rc: $(cat "$T/err")"
    py 'check("out"); check("err")'
    n=$((n + 1))
}
shown 0 plan "$T/study_evil.yaml"
shown 0 sweep "$T/study_evil.yaml" -v --no-calibrate
shown 0 status
shown 0 status --format md
shown 0 status --format latex
shown 0 status --format json
key=$(count "$H" "SELECT run_key FROM run ORDER BY 1 LIMIT 1")
shown 0 show "$key"
shown 0 show "$key" --format json
shown 0 table cells --format md
shown 0 list models
shown 0 verify
shown 0 query "SELECT char(27) AS a, char(155, 8238, 10) AS b, model, '%s%n' FROM run"
for format in md latex json; do
    shown 0 query --format $format "SELECT char(27) AS a, char(155, 8238, 10) AS b, model FROM run"
done
# Messages about names that do not exist.
evil=$(py 'print(EVIL.strip() + "x%s%n")')
shown 2 "$evil"
shown 3 logits "$evil/model"
shown 2 plan "$evil"
shown 2 plan "$T/study_evil.yaml" "$evil=1"
shown 2 plan "$T/study_evil.yaml" "lr=$evil"
shown 2 run model="$T/model" task="$evil"
shown 2 run model="$T/model" method="$evil"
shown 2 show "$evil"
# Bytes that are not UTF-8, of which 0x9b is a control of some terminals.
bad=$(printf 'caf\351\233K')
shown 3 logits "$bad/model"
shown 2 plan "$bad"
[ $n -ge 25 ] || die "only $n outputs"

# What is printed for programs is complete and valid, whatever the bytes.
"$L" query --home "$H" --format csv "SELECT name, json_extract(spec, '$.title') FROM sweep" \
    >"$T/names.csv"
"$L" query --home "$H" --format json \
    "SELECT CAST(x'61ff9b62' AS TEXT) AS a, '007' AS b, '0x1f' AS c, '1234e567' AS d, 9e999 AS e,
        -1.5e-7 AS f, 12345678901234567 AS g, '+1' AS h, '1.' AS i, char(8238, 27) AS j" \
    >"$T/values.json"
"$L" query --home "$H" --format csv \
    "SELECT '$(printf "%s" "=1+1")' AS a, '+x' AS b, '-x' AS c, '@x' AS d, -1.5 AS e" >"$T/f.csv"
printf 'a\377\033b\n' >"$T/raw"
"$L" tokenize "$T/model" <"$T/raw" >"$T/tokens.json" 2>"$T/err" || die "tokenize: $(cat "$T/err")"
py '
import csv
name, title = list(csv.reader(open("names.csv", newline="", encoding="utf-8")))[1]
assert (name, title) == ("s\u202e%s<b>", EVIL), (name, title)
v = json.load(open("values.json", encoding="utf-8"))[0]
assert v == {"a": "a\ufffd\ufffdb", "b": "007", "c": "0x1f", "d": "1234e567", "e": None,
             "f": -1.5e-7, "g": 12345678901234567, "h": "+1", "i": "1.", "j": "\u202e\x1b"}, v
assert open("f.csv").read() == "a,b,c,d,e\n=1+1,+x,-x,@x,-1.5\n", open("f.csv").read()
json.loads(open("tokens.json", "rb").read().decode("utf-8"))
'
# The report and the figure's script.
"$L" report --home "$H" -o "$T/report.html" --title "$evil" >"$T/out" 2>"$T/err" ||
    die "report: $(cat "$T/err")"
py 'check("report.html")'
grep -q '%s<b>' "$T/report.html" && die "a name is markup in the report"
exit 0
