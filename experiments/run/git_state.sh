#!/bin/sh
# git_state.sh - prints, as JSON, which commit the sources in this folder are, for the provenance of
# runs. "commit" is "unknown" where it cannot be told, and "why" says why; "dirty" is there only when
# it is known. A program is dirty when a tracked file differs from the commit, or when a file that
# nobody has added is compiled into it; "changes" is the SHA-256 of those differences.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX # those of another repository, in its hooks
unknown() {
    echo "{\"commit\":\"unknown\",\"why\":\"$1\"}"
    exit 0
}
command -v git >/dev/null || unknown "git is not installed"
said=$(git rev-parse --is-inside-work-tree 2>&1) || case $said in
*"dubious ownership"*) unknown "the repository belongs to another user (safe.directory)" ;;
*"not a git repository"*) unknown "the sources are not in a Git repository" ;;
*) unknown "git cannot read the repository" ;;
esac
# The repository around unpacked sources says nothing about them.
git ls-files --error-unmatch Makefile >/dev/null 2>&1 ||
    unknown "the sources are not part of the Git repository around them"
commit=$(git rev-parse --verify -q HEAD) || unknown "the Git repository has no commit"

# differences - of tracked files, and untracked files that the Makefile compiles
rooms="core experiments ablations results plots"
untracked() {
    git ls-files --others -- $rooms | grep -E '\.[ch]$|^results/.*\.(sql|yaml)$'
}
differences() {
    git diff HEAD -- . && untracked && untracked | git hash-object --stdin-paths
}
git diff --quiet HEAD -- . 2>/dev/null
case $? in
0) dirty=false ;;
1) dirty=true ;;
*) dirty= ;;
esac
[ -z "$(untracked)" ] || dirty=true
branch=$(git symbolic-ref -q --short HEAD | tr -cd 'A-Za-z0-9._/-')
out="{\"commit\":\"$commit\""
[ -z "$dirty" ] || out="$out,\"dirty\":$dirty"
[ "$dirty" != true ] || out="$out,\"changes\":\"$(differences | sha256sum | cut -c1-64)\""
[ -n "$branch" ] && out="$out,\"branch\":\"$branch\"" || out="$out,\"detached\":true"
[ "$(git rev-parse --is-shallow-repository)" != true ] || out="$out,\"shallow\":true"
echo "$out}"
