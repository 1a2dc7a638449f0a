#!/bin/sh
# The command-line tests as root.
set -eu
: "${abs_top_srcdir:?}" "${BATS:?}" "${INDYNO:?}"
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP not root: a run as root cannot be tried"
    exit 0
fi
work=$(mktemp -d /tmp/indyno-as-root.XXXXXX)
trap 'rm -rf "$work"' EXIT
. "$abs_top_srcdir/tests/cli/tree.sh"
: "${INDYNO_STORE:=/var/lib/indyno}"
export INDYNO_STORE
run_suites
