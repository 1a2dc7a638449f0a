#!/bin/sh
# git: a repository, clones of it by copying and by its protocol, worktrees, merges, gc; all of it checked in the end.
set -eu
export GIT_AUTHOR_NAME=one GIT_AUTHOR_EMAIL=one@localhost GIT_COMMITTER_NAME=one GIT_COMMITTER_EMAIL=one@localhost
cd "$(mktemp -d)"
git init -q -b main origin
cd origin
for n in 1 2 3 4 5; do
    echo "line $n" >>file
    git add file
    git commit -q -m "commit $n"
done
git worktree add -q -b side ../side HEAD~2
echo more >../side/other
git -C ../side add other
git -C ../side commit -q -m "on the side"
git merge -q -m merged side
git gc -q --aggressive --prune=now
cd ..
git clone -q origin copied
git clone -q --no-local --depth 3 "file://$PWD/origin" fetched
cd copied
echo pushed >pushed
git add pushed
git commit -q -m pushed
git push -q origin HEAD:refs/heads/pushed
cd ../origin
git worktree remove ../side
git fsck --strict
git log --oneline pushed | wc -l
git -C ../fetched log --oneline | wc -l
git show pushed:file | tail -n 1
