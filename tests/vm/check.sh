#!/bin/bash
# check.sh [SUITE...]: the command-line tests in virtual machines (guest.sh), as one TAP stream: what this machine's own
# kernel and cgroups cannot show. With the kernels of these of Debian's suites, one after another: all of these tests, with
# bookworm's also where systemd is pid 1, for one suffices. Else with that of this machine's own distribution, what the kernel
# itself decides. Some minutes each, for there is no KVM to count on. Fails where a test did.
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
mkdir -p "$abs_top_builddir/tests/vm"
work=$(mktemp -d /tmp/indyno-vm.XXXXXX)
trap 'rm -rf "$work"' EXIT
BATS_TEST_TIMEOUT=1200 # a fork bomb took 300 s once, beside other tests
. "$abs_top_srcdir/tests/cli/tree.sh"

# What the guest prints, between lines of this script's own.
run_guest() { # SCRIPT [SUITE], or this distribution's own
    local script=$1 kernel=$abs_top_builddir/tests/vm/kernel${2:+-$2} status=0
    shift
    "$here/fetch.sh" "$kernel" "$@" >&2 &&
        "$here/boot.sh" "$kernel" env abs_top_srcdir="$abs_top_srcdir" abs_top_builddir="$abs_top_builddir" INDYNO="$INDYNO" \
            INDYNO_STORE="${INDYNO_STORE:-/var/lib/indyno}" INDYNO_LIBEXECDIR="$INDYNO_LIBEXECDIR" \
            INDYNO_CATALOG="$INDYNO_CATALOG" BATS_TEST_TIMEOUT="$BATS_TEST_TIMEOUT" ${CHOSEN+"CHOSEN=$CHOSEN"} "VM_ALL=${VM_ALL-}" \
            "$here/$script" 2>&1 || status=$?
    echo "== end ${1:-own} $status"
}

# One numbering, one plan. That a guest came to its end, with all tests of its plans, is a test of its own. (Not awk, which
# may wait for more than a line.)
join() {
    local line number=0 failed=0 before=0 seen=0 planned=0 last=()
    while IFS= read -r line; do
        last+=("$line")
        if [[ $line =~ ^1\.\.([0-9]+)$ ]]; then
            planned=$((planned + BASH_REMATCH[1]))
        elif [[ $line =~ ^(not )?ok\ [0-9]+(.*) ]]; then
            seen=$((seen + 1))
            number=$((number + 1))
            [ -z "${BASH_REMATCH[1]}" ] || failed=$((failed + 1))
            echo "${BASH_REMATCH[1]}ok $number${BASH_REMATCH[2]}"
        elif [[ $line == '#'* ]]; then
            echo "$line"
        elif [[ $line =~ ^==\ end\ ([a-z]+)\ ([0-9]+)$ ]]; then
            number=$((number + 1))
            line="ok $number - kernel of ${BASH_REMATCH[1]}: $seen of $planned tests ran, status ${BASH_REMATCH[2]}"
            if [ "$seen" = 0 ] || [ "$seen" != "$planned" ] ||
                ! { [ "${BASH_REMATCH[2]}" = 0 ] || { [ "${BASH_REMATCH[2]}" = 1 ] && [ "$failed" -gt "$before" ]; }; }; then
                printf '# %s\n' "${last[@]: -(${#last[@]} < 20 ? ${#last[@]} : 20)}"
                failed=$((failed + 1))
                line="not $line"
            fi
            echo "$line"
            seen=0 planned=0 before=$failed last=()
        fi
    done
    echo "1..$number"
    [ "$failed" = 0 ]
}

# What this machine's root has of it is the guest's.
has_systemd() {
    [ -x /lib/systemd/systemd ] && [ -e /lib/systemd/system/dbus.socket ] && [ -e /usr/lib/systemd/user/dbus.socket ]
}

run_suite() { # SUITE
    VM_ALL=1 run_guest guest.sh "$1"
    [ "$1" != bookworm ] || ! has_systemd || VM_SYSTEMD=1 run_guest guest-systemd.sh "$1"
}

if [ $# = 0 ]; then run_guest guest.sh; else for suite; do run_suite "$suite"; done; fi | tee "$abs_top_builddir/tests/vm/log" | join
