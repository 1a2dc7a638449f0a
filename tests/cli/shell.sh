#!/bin/sh
# Every shell script of the tree passes shellcheck.
set -eu
: "${abs_top_srcdir:?}"
cd "$abs_top_srcdir"
n=0 out=$(mktemp)
trap 'rm -f "$out"' EXIT
for f in quickstart .ci/run images/from-* images/build-* images/measure images/template-* images/*.sh tests/*.sh tests/cli/*.sh tests/cli/*.bash tests/fuzz/run tests/bench/*.sh tests/inside/*.sh tests/programs/*.sh tests/vm/*.sh; do
    [ -f "$f" ] || continue
    head -n 1 "$f" | grep -q -e '^#!.*sh' -e '^# Shared' -e '^# Sourced' || continue
    n=$((n + 1))
    if shellcheck -x "$f" >"$out"; then
        echo "ok $n - shellcheck $f"
    else
        sed 's/^/# /' "$out"
        echo "not ok $n - shellcheck $f"
    fi
done
echo "1..$n"
