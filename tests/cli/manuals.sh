#!/bin/sh
# Every man page passes mandoc's lint.
set -eu
: "${abs_top_srcdir:?}"
cd "$abs_top_srcdir"
n=0 out=$(mktemp)
trap 'rm -f "$out"' EXIT
for f in man/*.[1-8]; do
    n=$((n + 1))
    if mandoc -T lint -W warning "$f" >"$out" 2>&1; then
        echo "ok $n - mandoc -T lint $f"
    else
        sed 's/^/# /' "$out"
        echo "not ok $n - mandoc -T lint $f"
    fi
done
echo "1..$n"
