#!/bin/sh
# "make install" to a temporary folder: the installed program works away from the source tree and
# without any environment, and "make uninstall" leaves nothing behind.
. "$(dirname "$0")/sweep_lib.sh"
cd "$here/../.." || exit 1
build=$(dirname "$L")
P="$T/stage/opt/low"

# The program is installed as it is: make is told not to build it again.
made() {
    env -u MAKEFLAGS -u MAKELEVEL make -s B="$build" -o "$L" DESTDIR="$T/stage" PREFIX=/opt/low \
        "$@" >"$T/log" 2>&1
}
# away COMMAND... - the installed program in another folder, with an empty environment
away() { (cd "$T" && env -i PATH=/usr/bin:/bin HOME="$T" "$P/bin/lowrank" "$@"); }

mkdir -p "$P/bin" "$P/share/man" && echo other >"$P/bin/other" || exit 1
made install || die "install: $(cat "$T/log")"
for file in share/man/man1/lowrank.1 share/man/man1/lowrank-sweep.1 \
    share/bash-completion/completions/lowrank share/zsh/site-functions/_lowrank \
    share/doc/lowrank/README.md share/doc/lowrank/core/SPEED.md share/lowrank/plots/style.gp; do
    [ -s "$P/$file" ] || die "'$file' is not installed"
done
cmp -s "$L" "$P/bin/lowrank" || die "another program was installed"

for kind in studies tasks models figures; do
    options="--format csv --home $T/none"
    away list $kind $options >"$T/there" 2>"$T/log" || die "list $kind: $(cat "$T/log")"
    "$L" list $kind $options >"$T/here" 2>"$T/log" || die "list $kind: $(cat "$T/log")"
    [ "$(cut -d, -f1 "$T/there")" = "$(cut -d, -f1 "$T/here")" ] ||
        die "list $kind: $(cat "$T/there")"
    [ "$(wc -l <"$T/there")" -gt 1 ] || die "list $kind is empty"
done
# A study of the program's own by its name, on the tiny model.
away sweep rank "model=$T/model" "task=$T/toy.yaml" train_n=40 dev_n=0 epochs=1 rank=2 max_len=16 \
    --seeds 2 --data "$T/data" --home "$T/home" --no-calibrate -q >"$T/out" 2>"$T/log" ||
    die "sweep: $(cat "$T/log")"
away table rank --home "$T/home" >"$T/out" 2>"$T/log" || die "table: $(cat "$T/log")"
if command -v gnuplot >/dev/null; then
    away figure rank --format svg --home "$T/home" >"$T/out" 2>"$T/log" ||
        die "figure: $(cat "$T/log")"
fi

# What is installed over an older version replaces it, files that are gone included.
echo old >"$P/share/lowrank/ablations/old.yaml"
echo share/lowrank/ablations/old.yaml >>"$P/share/lowrank/installed"
made install || die "install again: $(cat "$T/log")"
[ ! -e "$P/share/lowrank/ablations/old.yaml" ] || die "a file of the older version is still there"

echo mine >"$P/share/lowrank/ablations/mine.yaml"
made uninstall || die "uninstall: $(cat "$T/log")"
left=$(cd "$P" && find . -type f -o -type d -empty | sort | tr '\n' ' ')
[ "$left" = "./bin/other ./share/lowrank/ablations/mine.yaml ./share/man " ] ||
    die "uninstall leaves $left"
made uninstall && die "uninstall without an installation succeeds"
grep -q 'nothing is installed' "$T/log" || die "uninstall: $(cat "$T/log")"
exit 0
