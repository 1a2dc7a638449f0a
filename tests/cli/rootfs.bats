# --rootfs: another root for the step, of the store or a folder that may be hostile.

load helper

# Built once for all tests, from Debian's packages; a static busybox is a root without a libc.
setup_file() {
    local rights
    shared=$(mktemp -d "${TMPDIR:-/tmp}/indyno-rootfs.XXXXXX")
    export shared stores=$shared/store:$INDYNO_STORE
    chmod 755 "$shared"
    mkdir "$shared/busybox"
    (cd "$shared" && apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb "$shared/unpacked") >&2
    mkdir -p "$shared/busybox/usr/bin" "$shared/busybox/etc" "$shared/busybox/opt/tools"
    cp "$shared"/unpacked/*bin/busybox "$shared"/unpacked/usr/bin/busybox "$shared/busybox/usr/bin/" 2>/dev/null || true
    ln -s usr/bin "$shared/busybox/bin"
    for name in sh cat ls env id; do ln -s busybox "$shared/busybox/usr/bin/$name"; done
    echo 'NAME="a root of busybox"' >"$shared/busybox/etc/os-release"
    give "$shared"
    set_rights
    "${rights[@]}" env "INDYNO_STORE=$shared/store" "$INDYNO" image install --rootfs debian:11 \
        --from deb:bullseye/bash,python3-minimal >&2
    "${rights[@]}" env "INDYNO_STORE=$shared/store" "$INDYNO" image import --rootfs bb:1.0 "$shared/busybox" >&2
}

teardown_file() {
    rm -rf "$shared"
}

setup() {
    setup_scratch
    export INDYNO_STORE=$stores
}

teardown() {
    for left in ${dyno-} ${exchanger-}; do kill "$left"; done # of a test that failed
    teardown_scratch
}

root_of() { # NAME
    indyno image inspect "$1" | jq -r '.path + "/tree/root"'
}

# Runs a command in root $1 and compares its output with $2.
in_root() { # ROOTFS EXPECTED COMMAND...
    local rootfs=$1 expected=$2
    shift 2
    run -0 --separate-stderr indyno run -q "--rootfs=$rootfs" "$app" -- "$@"
    [ "$output" = "$expected" ] || { echo "$output"; return 1; }
}

@test "an image: its files are there, the host's are not, the dyno's own lie over them" {
    in_root debian 'Debian GNU/Linux 11 (bullseye)' sh -c '. /etc/os-release; echo "$PRETTY_NAME"'
    in_root debian:11 'no' sh -c '[ -e /usr/share/perl/5.36 ] || [ -e /usr/bin/bats ] || [ -e /etc/fonts ] || echo no'
    in_root debian "dyno dyno 127.0.0.1 x" sh -c \
        'echo "$(id -un) $(cat /etc/hostname) $(grep -o ^127.0.0.1 /etc/hosts) $(grep -c . /etc/resolv.conf | sed s/0/x/)"'
    in_root debian '(3, 9)' python3 -c 'import sys; print(sys.version_info[:2])'
    in_root debian 'all refused' sh -c 'for f in /x /etc/x /usr/x /etc/passwd /etc/hosts; do
        ! echo x 2>/dev/null >>"$f" || echo "wrote $f"; done; echo all refused'
    run -0 indyno image verify debian bb
}

@test "app.json's scripts, and the plan that says what they see" {
    write_app <<'J'
{"environments": {"test": {"scripts": {"test-setup": "[[ 1 == 1 ]]", "test": "echo $BASH_VERSION $SHELL $PATH"}}}}
J
    run -0 --separate-stderr indyno run -q --rootfs=debian "$app"
    [ "$output" = "5.1.4(1)-release /bin/bash /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" ]
    run -0 --separate-stderr indyno plan --json --rootfs=debian "$app"
    [ "$(jq -r .rootfs <<<"$output")" = debian:11 ]
    [ "$(jq -r '.mounts[] | select(.target == "/usr") | .source' <<<"$output")" = "$(root_of debian)/usr" ]
    [ "$(jq -r '[.mounts[] | select(.source == "/usr" or (.source // "" | startswith("/etc/")))] | length' <<<"$output")" = 0 ]
}

@test "without bash the scripts are sh's; without sh there is an error, and no run" {
    write_app <<<'{"environments": {"test": {"scripts": {"test": "echo $SHELL; . /etc/os-release; echo $NAME"}}}}'
    run -0 --separate-stderr indyno run -q --rootfs=bb "$app"
    [ "$output" = "$(printf '/bin/sh\na root of busybox')" ]
    mkdir -p "$scratch/none/usr/bin"
    run -65 indyno plan "--rootfs=$scratch/none" "$app"
    [[ "$output" == *"--rootfs $scratch/none: there is no bash and no sh in it"* ]]
    run -127 indyno run -q "--rootfs=$scratch/none" "$app" -- true
}

# What a prefix loads must be the host's, and what a tree loads its own.
@test "Postgres and Redis beside it, and their client programs" {
    for root in debian bb; do
        run -0 --separate-stderr indyno run -q "--rootfs=$root" --postgres=16 --redis=7.0 "$app" -- sh -c \
            'psql -Atc "select 6 * 7"; pg_dump >/tmp/dump && cat /tmp/dump >/dev/null && echo dumped; redis-cli ping
            psql -Atc "copy (select 1) to program '"'cat >/tmp/out'"'" -c "select pg_read_file('"'/tmp/out'"')"'
        [ "$output" = "$(printf '42\ndumped\nPONG\nCOPY 1\n1')" ] || { echo "$root: $output $stderr"; return 1; }
    done
    write_app <<'J'
{"environments": {"test": {"addons": ["heroku-postgresql:in-dyno", {"plan": "heroku-postgresql:in-dyno", "as": "SECOND"}],
    "scripts": {"test": "psql -Atc 'select datcollate from pg_database limit 1' $SECOND_URL"}}}}
J
    run -0 --separate-stderr indyno run -q --rootfs=bb "$app"
    [ "$output" = "$(indyno image inspect postgresql | jq -r .locale)" ]
}

# As only root can see it: from outside, file by file.
@test "no library of the root reaches a server, none of the host's the step" {
    [ "$(id -u)" = 0 ] || skip "only root can look into the processes of a dyno"
    local root postgres step library libraries place
    root=$(root_of debian)
    start_up run -q --rootfs=debian --postgres=16 "$app" -- bash -c 'echo up; exec sleep 1000'
    postgres=$(descendant "$dyno" postgres | head -n 1) step=$(descendant "$dyno" sleep)
    libraries=$(awk '$6 ~ /[.]so/ && $6 !~ /^.opt.indyno/ { print $6 }' "/proc/$postgres/maps" | sort -u)
    [[ "$libraries" == *libc.so.6* ]]
    for library in $libraries; do
        [ "/proc/$postgres/root/$library" -ef "$library" ]
    done
    libraries=$(awk '$6 ~ /[.]so/ { print $6 }' "/proc/$step/maps" | sort -u)
    [[ "$libraries" == *libc-2.31.so* ]]
    for library in $libraries; do
        [ "/proc/$step/root/$library" -ef "$root/$library" ]
    done
    for place in tmp app proc/1 var/lib/postgresql/data etc/passwd; do
        [ "/proc/$postgres/root/$place" -ef "/proc/$step/root/$place" ]
    done
    [ -z "$(find "/proc/$postgres/root/opt/indyno" -mindepth 1 -maxdepth 1 ! -name 'postgresql-16*')" ]
    run -75 indyno image rm debian:11
    [[ "$output" == *"debian:11 is in use by a run"* ]]
    kill "$dyno"
    status_of "$dyno" 143
    dyno=
}

@test "a folder; binds into it, at places that are there, that are not, and behind a link" {
    cp -a "$shared/busybox" "$scratch/root"
    mkdir "$scratch/mine"
    echo mine >"$scratch/mine/file"
    echo hosts >"$scratch/root/etc/hosts"
    give "$scratch"
    cd "$scratch"
    in_root ./root 'NAME="a root of busybox"' cat /etc/os-release
    in_root ./root '127.0.0.1 localhost dyno' sh -c 'while read -r line; do echo "$line"; break; done </etc/hosts'
    run -0 --separate-stderr indyno run -q --rootfs=./root --ro-bind "$scratch/mine:/opt/tools" \
        --ro-bind "$scratch/mine:/usr/share/mine" --ro-bind "$scratch/mine/file:/usr/bin/mine" "$app" -- \
        sh -c 'cat /opt/tools/file /usr/share/mine/file /usr/bin/mine; cat /etc/os-release'
    [ "$output" = "$(printf 'mine\nmine\nmine\nNAME="a root of busybox"')" ]
    run -65 indyno run -q --rootfs=./root --ro-bind "$scratch/mine:/bin/mine" "$app" -- true
    [[ "$output" == *"/bin is no folder in it, so that /bin/mine cannot be there"* ]]
}

@test "a hostile folder: no link of it leads to the host, and many entries are refused" {
    local root=$scratch/root name
    echo secret >"$scratch/secret"
    mkdir -p "$root/bin" "$root/srv"
    cp "$shared/busybox/usr/bin/busybox" "$root/bin/busybox"
    ln -s busybox "$root/bin/sh"
    ln -s /usr "$root/usr"
    ln -s /etc "$root/etc"
    ln -s ../../../../../../../../etc "$root/var"
    ln -s "$scratch" "$root/opt"
    ln -s "$scratch/secret" "$root/secret"
    ln -s /proc/1/root "$root/host"
    ln -s "/proc/self/fd" "$root/srv/fd"
    ln -s / "$root/app"
    ln -s "$scratch/secret" "$root/tmp"
    mkfifo "$root/fifo"
    give "$scratch"
    run -0 --separate-stderr indyno run -q "--rootfs=$root" --redis=7.0 "$app" -- /bin/sh -c \
        'for f in /usr/bin /etc/shadow /etc/os-release /var/shadow /var/os-release /opt/secret /secret /host/etc /host/usr/bin /fifo; do
            [ ! -e "$f" ] || echo "there is $f"; done
        for f in /usr/bin/env /etc/shadow /var/hosts /opt/app /secret; do /bin/busybox cat "$f" 2>/dev/null; done; /bin/busybox ls /etc'
    [ "$output" = "$(printf 'group\nhostname\nhosts\npasswd\nredis\nresolv.conf')" ] || { echo "$output"; return 1; }
    for name in {1..500}; do : >"$root/$name"; done
    run -65 indyno run -q "--rootfs=$root" "$app" -- /bin/sh -c :
    [[ "$output" == *"--rootfs $root: more than 400 entries"* ]]
}

# Entries are exchanged as fast as can be between the walk and the mounts: a run may fail, and never shows the link's target.
@test "a folder whose entries are exchanged meanwhile gives nothing away" {
    local root=$scratch/root rights i
    chmod 755 "$scratch"
    mkdir -p "$root/bin" "$root/opt/a" "$scratch/else"
    cp "$shared/busybox/usr/bin/busybox" "$root/bin/sh"
    echo secret >"$scratch/secret"
    ln -s "$scratch" "$scratch/link"
    give "$scratch"
    set_rights # the process itself, not a function, is to be killed
    "${rights[@]}" /usr/bin/python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (os.fsencode(name) for name in sys.argv[1:])
while True:
    libc.renameat2(-100, a, -100, b, 2)' "$root/opt" "$scratch/link" 3>&- &
    exchanger=$!
    for ((i = 0; i < 30; i++)); do
        run indyno run -q "--rootfs=$root" "$app" -- /bin/sh -c '[ ! -e /opt/secret ] || echo revealed'
        [[ "$output" != *revealed* ]] || break
    done
    kill "$exchanger"
    status_of "$exchanger" 143
    exchanger=
    [[ "$output" != *revealed* ]]
}

@test "a container image: its PATH is the step's, but for folders that are none of the root's" {
    umoci init --layout "$scratch/layout"
    umoci new --image "$scratch/layout:t"
    umoci unpack --rootless --image "$scratch/layout:t" "$scratch/bundle"
    cp -a "$shared/busybox/." "$scratch/bundle/rootfs/"
    umoci repack --image "$scratch/layout:t" "$scratch/bundle"
    umoci config --image "$scratch/layout:t" --config.env 'PATH=/opt/tools:bin::/usr/bin'
    give "$scratch"
    INDYNO_STORE=$scratch/store run -0 indyno image import --rootfs oci:1 "oci:$scratch/layout:t"
    INDYNO_STORE=$scratch/store in_root oci /opt/tools:/usr/bin sh -c 'echo "$PATH"'
}

@test "sudo: a folder that the caller may not read is no root" {
    ! is_user || skip "sudo makes one root"
    cp -a "$shared/busybox" "$scratch/root"
    chmod 755 "$scratch/app"
    chown 65534:65534 "$scratch/app"
    chmod 700 "$scratch/root"
    chmod 755 "$scratch"
    forget_variables
    SUDO_UID=65534 SUDO_GID=65534 run -65 indyno run -q "--rootfs=$scratch/root" "$app" -- sh -c :
    [[ "$output" == *"--rootfs $scratch/root: Permission denied"* ]]
    chmod 755 "$scratch/root"
    chmod 700 "$scratch/root/etc"
    SUDO_UID=65534 SUDO_GID=65534 run -65 indyno run -q "--rootfs=$scratch/root" "$app" -- sh -c :
    [[ "$output" == *"--rootfs $scratch/root: /etc: Permission denied"* ]]
    chmod 755 "$scratch/root/etc"
    SUDO_UID=65534 SUDO_GID=65534 run -0 indyno run -q "--rootfs=$scratch/root" "$app" -- sh -c :
}

@test "what is not there or no root is refused, with the command that helps" {
    run -65 indyno run -q --rootfs=heroku-24 "$app" -- true
    [[ "$output" == *"--rootfs: heroku-24: no such image is installed"*"indyno image import --rootfs heroku-24:VERSION SOURCE"* ]]
    run -65 indyno run -q --rootfs=debian:12 --pull=missing "$app" -- true
    [[ "$output" == *"indyno image import --rootfs debian:12 SOURCE"* ]]
    run -65 indyno run -q "--rootfs=$scratch/nowhere" "$app" -- true
    [[ "$output" == *"--rootfs $scratch/nowhere: No such file or directory"* ]]
    run -65 indyno run -q --rootfs=/ "$app" -- true
    run -65 indyno run -q --rootfs=postgresql:16 "$app" -- true
    [[ "$output" == *"postgresql:16: it has no root filesystem"* ]]
    run -64 indyno image import --rootfs debian "$shared/busybox"
    run -64 indyno image install --rootfs debian:12
    run -65 indyno image import --rootfs redis:1.0 "$shared/busybox"
    mkdir -p "$scratch/prefix/bin"
    give "$scratch"
    run -65 indyno image import --rootfs prefix:1 "$scratch/prefix"
    [[ "$output" == *"it is no root filesystem"* ]]
    [ -z "$(find "$shared/store" -maxdepth 1 -name '.new-*')" ]
}

@test "a root whose programs cannot start here is refused, and nothing of it stays" {
    cp -a "$shared/busybox" "$scratch/root"
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' >"$scratch/foreign"
    rm "$scratch/root/usr/bin/sh"
    cp "$scratch/foreign" "$scratch/root/usr/bin/sh"
    chmod 755 "$scratch/root/usr/bin/sh"
    give "$scratch"
    run -125 indyno image import --rootfs foreign:1 "$scratch/root"
    [[ "$output" == *"Exec format error"*"the root's sh does not work in a dyno"* ]]
    [ ! -e "$shared/store/images/foreign" ]
    [ -z "$(find "$shared/store" -maxdepth 1 -name '.new-*')" ]
}

@test "roots are listed, verified, removed; prune keeps the newest of each line" {
    export INDYNO_STORE=$scratch/store
    for version in 1.0 1.0.1 2.0; do
        run -0 indyno image import --rootfs "bb:$version" "$shared/busybox"
    done
    run -0 indyno image prune
    [[ "$output" == *"bb:1.0: removed"* ]]
    run -0 --separate-stderr indyno image ls --json
    [ "$(jq -r 'map(.version) | join(" ")' <<<"$output")" = "2.0 1.0.1" ]
    in_root bb:1 ok sh -c 'echo ok'
    run -0 indyno image verify bb
    echo more >>"$(root_of bb)/etc/os-release"
    run -1 indyno image verify bb:2
    run -0 indyno image rm bb:2.0 bb:1.0.1
    run -65 indyno run -q --rootfs=bb "$app" -- sh -c :
}
