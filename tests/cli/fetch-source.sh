#!/bin/sh
# fetch-source.sh SUITE PACKAGE: fetches the source of a Debian package into the working folder.
set -eu
suite=$1 package=$2
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
# shellcheck source=tests/private-apt.sh
. "$(dirname "$0")/../private-apt.sh"
make_private_apt deb-src "$suite"
private_apt apt-get -qq source --download-only "$package" >&2
