#!/bin/sh
# install.sh install LOWRANK PREFIX - copies everything that a run without the source tree needs
# below PREFIX: the program, its studies, tasks, models and figure templates, man pages, completions
# and documents.
# install.sh uninstall PREFIX - removes exactly what PREFIX/share/lowrank/installed lists: files and
# folders that did not exist before the installation, unless something else is in them now.
for prefix; do :; done # the last argument
installed=$prefix/share/lowrank/installed
die() { echo "$*" >&2; exit 1; }

uninstall() {
    LC_ALL=C sort -r "$installed" | while read -r name; do
        case $name in
        */) rmdir "$prefix/$name" 2>/dev/null ;;
        *) rm -f "$prefix/$name" ;;
        esac
    done
}
if [ "$1" = uninstall ]; then
    [ -f "$installed" ] || die "nothing is installed below '$prefix': '$installed' does not exist"
    uninstall
    exit 0
fi
[ "$1" = install ] && [ $# = 3 ] ||
    die "usage: install.sh install LOWRANK PREFIX, or install.sh uninstall PREFIX"
L=$2
# A file of an older version must not stay behind.
[ ! -f "$installed" ] || uninstall
list=$(mktemp) page=$(mktemp) || exit 1
# What was copied is listed even if something fails.
trap '[ ! -s "$list" ] || install -D -m 644 "$list" "$installed"; rm -f "$list" "$page"' EXIT

# copy MODE FILE NAME - the file becomes PREFIX/NAME.
copy() {
    at=
    for part in $(dirname "$3" | tr / ' '); do
        at=$at$part/
        [ -d "$prefix/$at" ] || echo "$at" >>"$list"
    done
    install -D -m "$1" "$2" "$prefix/$3" || die "cannot install '$prefix/$3'"
    echo "$3" >>"$list"
}
# printed NAME ARGUMENT... - what the program prints becomes PREFIX/NAME.
printed() {
    name=$1
    shift
    "$L" "$@" >"$page" || die "'lowrank $*' failed"
    copy 644 "$page" "$name"
}

copy 755 "$L" bin/lowrank
for file in $(find experiments ablations -name '*.yaml') plots/*.gp plots/study/*.gp; do
    copy 644 "$file" "share/lowrank/$file"
done
for file in LICENSE *.md core/*.md experiments/*.md ablations/*.md plots/*.md results/*.md \
    results/findings/*.md tests/*.md; do
    [ ! -f "$file" ] || copy 644 "$file" "share/doc/lowrank/$file"
done
echo share/lowrank/installed >>"$list"
printed share/man/man1/lowrank.1 help --man
for command in $("$L" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    printed "share/man/man1/lowrank-$command.1" help --man "$command"
done
printed share/bash-completion/completions/lowrank help --completion bash
printed share/zsh/site-functions/_lowrank help --completion zsh
