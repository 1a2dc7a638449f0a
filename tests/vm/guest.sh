#!/bin/bash
# guest.sh: in the guest of boot.sh, those of the command-line tests that depend on the kernel and on version 2 of the
# cgroups: as root, and as a user to whom a group is delegated. Prints TAP, one plan for each, the tests' names with kernel
# and user in front. Of a kernel on which no run works, how runs are refused.
set -eu -o pipefail
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}" "${INDYNO:?}" "${INDYNO_STORE:?}"
export TMPDIR=/scratch abs_top_srcdir abs_top_builddir
tests=$abs_top_srcdir/tests/cli
# What the kernel decides, and, with VM_ALL, what it may.
chosen='namespace is its own|what a hostile|--memory|--pids-limit contains|--cpu-time: all|--cpus:|limits are|cgroup_parent: the|attacks from the tests,|kill -9 of|doctor says|crash|too old'
more='set-uid|sized tmpfs|loopback|signal dispositions|--pids-limit|a Postgres that cannot|--output-size|--cpuset|limits that|sizes: by'
more="$more|exit status|--timeout|signals reach|--artifact takes|--bind|kill -9|the next run sweeps|many at once"
more="$more|attacks from the tests|bare psql|both answer|killed|as fresh|further|own user|doctor leaves|share one id|bubblewrap|within a dyno"
[ -z "${VM_ALL-}" ] || chosen="$chosen|$more"
chosen=${CHOSEN-$chosen} # for one who looks for a reason

suites=("$tests"/{dyno,limits,policy,run,databases,inside,nested,doctor}.bats "$tests/../vm/crashes.bats")
case $(uname -r) in 5.10.*) suites=("$tests/../vm/refused.bats") ;; esac

# On a disk whose ids can be mapped, as a store is.
chmod 1777 /scratch
for image in postgresql/16 postgresql/17 postgresql-client/17 redis/7.0; do
    mkdir -p "/scratch/store/images/${image%/*}"
    cp -a "$INDYNO_STORE/images/$image".* "/scratch/store/images/${image%/*}/"
done
cp "$INDYNO" /scratch/indyno
export INDYNO=/scratch/indyno INDYNO_STORE=/scratch/store

run_as() { # NAME
    bats --tap --timing -f "$chosen" "${suites[@]}" |
        sed -u -E "s/^((not )?ok [0-9]+) /\1 $(uname -r | cut -d. -f1,2), $1: /"
}

status=0
run_as root || status=1
export INDYNO_TEST_USER=indynotest INDYNO_TEST_DELEGATE=1
chown -R "$INDYNO_TEST_USER:" /scratch/store
run_as user || status=1
exit "$status"
