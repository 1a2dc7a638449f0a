#!/bin/bash
# guest-systemd.sh: as guest.sh, in a guest whose pid 1 is systemd (boot.sh, VM_SYSTEMD): a user's limits by the user's own
# systemd, which is started as a login or lingering does.
set -eu -o pipefail
: "${abs_top_srcdir:?}" "${INDYNO:?}"
export TMPDIR=/scratch INDYNO_TEST_USER=indynotest
chmod 1777 /scratch
cp "$INDYNO" /scratch/indyno
export INDYNO=/scratch/indyno
systemctl start "user@$(id -u "$INDYNO_TEST_USER").service"
bats --tap --timing -f "${CHOSEN-.}" "$abs_top_srcdir/tests/vm/scope.bats" |
    sed -u -E "s/^((not )?ok [0-9]+) /\1 $(uname -r | cut -d. -f1,2), systemd: /"
