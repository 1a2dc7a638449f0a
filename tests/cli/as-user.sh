#!/bin/sh
# The same command-line tests as an unprivileged user with subordinate ids: the caller, or, if that is root, a user made
# for this (indynotest), with a copy of the program and of the store that this user can read.
set -eu
: "${abs_top_srcdir:?}" "${BATS:?}" "${INDYNO:?}"
work=$(mktemp -d /tmp/indyno-as-user.XXXXXX)
trap 'rm -rf "$work"' EXIT
. "$abs_top_srcdir/tests/cli/tree.sh"
if [ "$(id -u)" != 0 ]; then
    INDYNO_TEST_USER=$(id -un)
    : "${INDYNO_STORE:=${XDG_DATA_HOME:-$HOME/.local/share}/indyno}"
else
    INDYNO_TEST_USER=indynotest
    INDYNO_TEST_WITHOUT="${INDYNO_TEST_WITHOUT-} sudo tenant" # what only root has rights for
    id "$INDYNO_TEST_USER" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh "$INDYNO_TEST_USER" >&2
    cp "$INDYNO" "$work/indyno"
    cp -a "${INDYNO_STORE:-/var/lib/indyno}" "$work/store"
    chown -R "$INDYNO_TEST_USER:" "$work/store"
    INDYNO=$work/indyno INDYNO_STORE=$work/store
fi
export INDYNO INDYNO_STORE INDYNO_TEST_USER
run_suites
