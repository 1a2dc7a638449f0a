#!/bin/sh
# fetch.sh FOLDER: unpacks this suite's cloud kernel for amd64 into FOLDER, unless one is there.
set -eu
folder=$1
[ -z "$(find "$folder" -name 'vmlinuz*' -type f 2>/dev/null)" ] || exit 0
mkdir -p "$folder"
cd "$folder"
package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ {print $2; exit}')
apt-get download -q "$package"
dpkg -x linux-image-*.deb .
rm -f linux-image-*.deb
