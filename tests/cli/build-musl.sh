#!/bin/sh
# build-musl.sh FOLDER: makes FOLDER/rootfs, a root filesystem as small as can be: a Redis that is linked against musl and a
# library of its own, and those. That takes ten seconds, so it is made once and kept.
set -eu
folder=$1 tests=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
[ ! -d "$folder/rootfs" ] || exit 0
rm -rf "$folder/new"
mkdir -p "$folder/new/rootfs/lib" "$folder/new/rootfs/usr/lib" "$folder/new/rootfs/usr/local/bin" "$folder/new/source"
cd "$folder/new"
"$tests/fetch-source.sh" bookworm redis
tar -xf redis_*.orig.tar.* -C source --strip-components=1
echo 'int of_its_own;' | musl-gcc -shared -Wl,-soname,libown.so.1 -o rootfs/usr/lib/libown.so.1 -x c -
make -s -j "$(nproc)" -C source/src CC=musl-gcc MALLOC=libc BUILD_TLS=no USE_SYSTEMD=no OPTIMIZATION=-O0 DEBUG= \
    REDIS_LDFLAGS="-Wl,--no-as-needed $PWD/rootfs/usr/lib/libown.so.1" redis-server redis-cli >log 2>&1 ||
    { tail -n 20 log >&2; exit 1; }
strip source/src/redis-server source/src/redis-cli
cp source/src/redis-server source/src/redis-cli rootfs/usr/local/bin/
cp -L /lib/ld-musl-*.so.1 rootfs/lib/
mv rootfs "$folder/"
rm -rf "$folder/new"
