#!/bin/sh
# fetch.sh FOLDER [SUITE]: unpacks the cloud kernel for amd64 of one of Debian's suites, or of this machine's own
# distribution, into FOLDER, unless one is there.
set -eu
folder=$1 suite=${2-}
[ -z "$(find "$folder" -name 'vmlinuz*' -type f 2>/dev/null)" ] || exit 0

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
# shellcheck source=tests/private-apt.sh
. "$(dirname "$0")/../private-apt.sh"

from_apt() { # apt-get|apt-cache ARGUMENT...
    if [ -n "$suite" ]; then private_apt "$@"; else "$@"; fi
}

# A kernel is one package, or, in newer suites, several that one depends on.
find_packages() {
    from_apt apt-cache depends --recurse --important linux-image-cloud-amd64 2>/dev/null | grep '^linux-'
}

[ -z "$suite" ] || make_private_apt deb "$suite"
packages=$(find_packages) || { from_apt apt-get -q update; packages=$(find_packages) || true; }
[ -n "$packages" ] || { echo "fetch.sh: ${suite:-this distribution} has no linux-image-cloud-amd64" >&2; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
# shellcheck disable=SC2086 # a list of words
from_apt apt-get -q -o APT::Sandbox::User=root download $packages
for package in *.deb; do dpkg -x "$package" .; done
rm -f ./*.deb
