#!/bin/bash
# check.sh [SUITE...]: the command-line tests in virtual machines (guest.sh), as one TAP stream: what this machine's own
# kernel and cgroups cannot show. With the kernels of these of Debian's suites, one after another, or of this machine's own
# distribution. Some minutes each, for there is no KVM to count on. Fails where a test did.
set -eu -o pipefail
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

# What the guest prints, between lines of this script's own.
run_guest() { # SUITE, or nothing for this distribution's own
    local kernel=$abs_top_builddir/tests/vm/kernel${1:+-$1} status=0
    "$here/fetch.sh" "$kernel" "$@" >&2 &&
        "$here/boot.sh" "$kernel" env abs_top_srcdir="$abs_top_srcdir" abs_top_builddir="$abs_top_builddir" INDYNO="$INDYNO" \
            INDYNO_STORE="${INDYNO_STORE:-/var/lib/indyno}" INDYNO_LIBEXECDIR="$INDYNO_LIBEXECDIR" \
            INDYNO_CATALOG="$INDYNO_CATALOG" BATS_TEST_TIMEOUT="$BATS_TEST_TIMEOUT" ${CHOSEN+"CHOSEN=$CHOSEN"} \
            "$here/guest.sh" 2>&1 || status=$?
    echo "== end ${1:-own} $status"
}

# One numbering, one plan. That a guest came to its end, with all tests of its plans, is a test of its own.
join() {
    awk '
        function say(ok, what) { bad += !ok; print (ok ? "ok " : "not ok ") ++n " - " what; fflush() }
        /^1\.\.[0-9]+$/ { planned += substr($0, 4) }
        /^(not )?ok [0-9]/ { seen++; bad += ($1 == "not"); sub(/ok [0-9]+/, "ok " ++n); print; fflush() }
        /^#/ { print; fflush() }
        { last[NR % 20] = $0 }
        /^== end / {
            whole = seen > 0 && seen == planned && ($4 == 0 || ($4 == 1 && bad > before))
            if (!whole)
                for (i = NR + 1; i < NR + 20; i++) print "# " last[i % 20]
            say(whole, "kernel of " $3 ": " seen + 0 " of " planned + 0 " tests ran, status " $4)
            seen = planned = 0
            before = bad
        }
        END { print "1.." n; exit bad > 0 }'
}

if [ $# = 0 ]; then run_guest; else for suite; do run_guest "$suite"; done; fi | tee "$abs_top_builddir/tests/vm/log" | join
