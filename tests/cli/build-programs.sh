#!/bin/sh
# build-programs.sh FOLDER: makes FOLDER/store, a store with the root that programs.bats runs programs of, and a Postgres
# that was built with a JIT, from Debian's packages. That takes a minute and 2 GB, so it is made once and kept.
set -eu
: "${INDYNO:?}"
folder=$1
packages=bash,python3,nodejs,ruby,perl,default-jdk-headless,golang-go,git,gcc,libc6-dev,make,gdb,strace,chromium
packages=$packages,fonts-dejavu-core
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
[ ! -d "$folder/store" ] || exit 0
rm -rf "$folder/new"
INDYNO_STORE=$folder/new "$INDYNO" image install --rootfs programs:13 --from "deb:trixie/$packages" 9>&-
INDYNO_STORE=$folder/new "$INDYNO" image install postgresql:17 --from deb:trixie/postgresql-17 9>&-
mv "$folder/new" "$folder/store"
