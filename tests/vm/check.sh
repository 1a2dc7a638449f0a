#!/bin/sh
# The command-line tests in a virtual machine (guest.sh), as one TAP stream: what this machine's own kernel and cgroups
# cannot show. A few minutes, for there is no KVM to count on.
set -eu
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" "${INDYNO:?}"
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP not root: virtiofsd cannot show the guest this machine's files"
    exit 0
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "1..0 # SKIP the virtual machine is x86-64 only"
    exit 0
fi
here=$abs_top_srcdir/tests/vm
work=$(mktemp -d /tmp/indyno-vm.XXXXXX)
trap 'rm -rf "$work"' EXIT
BATS_TEST_TIMEOUT=1200 # a fork bomb took 300 s once, beside other tests
. "$abs_top_srcdir/tests/cli/tree.sh"
kernel=$abs_top_builddir/tests/vm/kernel
"$here/fetch.sh" "$kernel" >&2
log=$kernel/tap
"$here/boot.sh" "$kernel" env abs_top_srcdir="$abs_top_srcdir" abs_top_builddir="$abs_top_builddir" INDYNO="$INDYNO" \
    INDYNO_STORE="${INDYNO_STORE:-/var/lib/indyno}" INDYNO_LIBEXECDIR="$INDYNO_LIBEXECDIR" \
    INDYNO_CATALOG="$INDYNO_CATALOG" BATS_TEST_TIMEOUT="$BATS_TEST_TIMEOUT" "$here/guest.sh" >"$log" 2>&1 || echo "# the guest's status: $?"
awk '/^(not )?ok [0-9]/ { n++; sub(/ok [0-9]+/, "ok " n); print; next } /^#/ { print }
    END { print n ? "1.." n : "not ok 1 - the guest runs tests\n1..1" }' "$log"
grep -q '^ok' "$log" || { tail -n 20 "$log" >&2; exit 1; }
