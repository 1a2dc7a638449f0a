#!/bin/sh
# fetch.sh FOLDER: unpacks this suite's cloud kernel for amd64 into FOLDER, unless one is there.
set -eu
folder=$1
[ -z "$(find "$folder" -name 'vmlinuz*' -type f 2>/dev/null)" ] || exit 0
find_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends:/ {print $2; exit}'
}
package=$(find_package)
[ -n "$package" ] || { apt-get -q update; package=$(find_package); }
[ -n "$package" ] || { echo "fetch.sh: this distribution has no linux-image-cloud-amd64" >&2; exit 1; }
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
apt-get -q -o APT::Sandbox::User=root download "$package"
dpkg -x linux-image-*.deb .
rm -f linux-image-*.deb
