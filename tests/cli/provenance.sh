#!/bin/sh
# What is recorded of where a run comes from: the commit of the sources or why it is not known, and
# what differs between the machine of a run and of "run --again".
. "$(dirname "$0")/sweep_lib.sh"
script=$(cd "$here" && pwd)/../../experiments/run/git_state.sh
command -v git >/dev/null || { echo "git is not installed"; exit 77; }
export GIT_CONFIG_GLOBAL="$T/gitconfig" GIT_CONFIG_SYSTEM=/dev/null
git config --global user.name nobody
git config --global user.email nobody@localhost
git config --global init.defaultBranch trunk
git config --global protocol.file.allow always

# sources DIR - a source tree
sources() {
    mkdir -p "$1/core/base" "$1/results/queries" "$1/experiments" "$1/ablations" "$1/plots"
    echo all: >"$1/Makefile"
    echo 'int x;' >"$1/core/base/x.c"
    echo '*.tmp.c' >"$1/.gitignore"
}
# state DIR PATTERN... - what the script prints in DIR matches each pattern; with ! before it, not
state() {
    dir=$1
    shift
    out=$(cd "$dir" && sh "$script") || die "$dir: the script failed"
    for pattern; do
        case $pattern in
        !*) echo "$out" | grep -q -- "${pattern#!}" && die "$dir: ${pattern#!} in $out" ;;
        *) echo "$out" | grep -q -- "$pattern" || die "$dir: no '$pattern' in $out" ;;
        esac
    done
    return 0
}

sources "$T/bare"
state "$T/bare" '"unknown"' 'not in a Git repository' '!dirty'

# Unpacked within another repository, which has a clean commit.
mkdir "$T/outer"
git -C "$T/outer" init -q
echo other >"$T/outer/file"
git -C "$T/outer" add file
git -C "$T/outer" commit -qm outer
sources "$T/outer/unpacked"
state "$T/outer/unpacked" '"unknown"' 'not part of the Git repository around' '!dirty'
GIT_DIR="$T/outer/.git" state "$T/bare" '"unknown"'

# A repository of its own.
sources "$T/own"
git -C "$T/own" init -q
state "$T/own" '"unknown"' '!dirty'
git -C "$T/own" add -A
state "$T/own" '"unknown"' 'no commit'
git -C "$T/own" commit -qm own
commit=$(git -C "$T/own" rev-parse HEAD)
state "$T/own" "\"commit\":\"$commit\",\"dirty\":false" '"branch":"trunk"' '!changes' '!shallow'
echo text >"$T/own/notes.txt"
state "$T/own" '"dirty":false'
for new in core/base/new.c core/base/new.tmp.c results/queries/new.sql; do
    echo 'int y;' >"$T/own/$new"
    state "$T/own" "$commit" '"dirty":true' '"changes":"[0-9a-f]\{64\}"'
    first=$out
    echo 'int z;' >"$T/own/$new"
    state "$T/own" '"dirty":true'
    [ "$out" != "$first" ] || die "$new: another content has the same hash"
    rm "$T/own/$new"
done
echo 'int z;' >"$T/own/core/base/x.c"
state "$T/own" '"dirty":true'
git -C "$T/own" checkout -q -- .
git -C "$T/own" checkout -q --detach
state "$T/own" "$commit" '"dirty":false' '"detached":true' '!branch'

git clone -q --depth 1 "file://$T/own" "$T/shallow" 2>/dev/null
state "$T/shallow" "$commit" '"dirty":false' '"shallow":true'
export GIT_TEST_ASSUME_DIFFERENT_OWNER=1
state "$T/own" '"unknown"' safe.directory '!dirty'
unset GIT_TEST_ASSUME_DIFFERENT_OWNER

mkdir "$T/bin"
for tool in sh tr grep sha256sum cut; do ln -s "$(command -v $tool)" "$T/bin/$tool"; done
(PATH="$T/bin"; state "$T/own" '"unknown"' 'git is not installed' '!dirty') || exit 1

# Another kernel of OpenBLAS gives other bits, and the comparison says why.
run="$L run model=$T/model task=$T/toy.yaml steps=4 pooling=mean -t 1 --home $T/home"
OPENBLAS_CORETYPE=Prescott $run >"$T/out" 2>"$T/log" || die "$(cat "$T/log")"
OPENBLAS_CORETYPE=Nehalem $run --again -t 2 >"$T/out" 2>"$T/log"
rc=$?
case $rc in
0) echo "skip: these kernels of OpenBLAS give the same bits here" ;;
1)
    grep -q "^differs: OpenBLAS kernel: was 'Prescott', is 'Nehalem'" "$T/out" ||
        die "no reason in: $(cat "$T/out")"
    grep -q "^differs: threads: was 1, is 2" "$T/out" || die "no threads in: $(cat "$T/out")"
    ;;
*) die "status $rc: $(cat "$T/log")" ;;
esac
exit 0
