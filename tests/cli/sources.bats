# Images from each of their sources: real packages, a real build, a real registry on loopback.

load helper
load repository

answers() { # OPTION PATTERN: the Redis or Valkey that a run has
    run -0 --separate-stderr indyno run -q "$1" "$app" -- sh -c '$REDIS_CLI info server | grep -E "^(redis|valkey)_version"'
    # shellcheck disable=SC2053 # a pattern
    [[ "$output" == $2 ]]
}

# A registry of this test's own: sets port.
start_registry() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    cat >"$scratch/registry.yml" <<YML
version: 0.1
storage: {filesystem: {rootdirectory: $scratch/registry}}
http: {addr: "127.0.0.1:$port"}
YML
    docker-registry serve "$scratch/registry.yml" >"$scratch/registry.log" 2>&1 3>&- &
    registry=$!
    until (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$registry"
        sleep 0.05
    done
    export CONTAINERS_REGISTRIES_CONF=$scratch/registries.conf
    printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$port" >"$CONTAINERS_REGISTRIES_CONF"
}

# Puts the root filesystem of an installed image into the registry, as NAME:TAG.
push_root() { # IMAGE NAME:TAG
    local root
    root=$(indyno image inspect "$1" | jq -r '.path + "/tree/root"')
    umoci init --layout "$scratch/layout"
    umoci new --image "$scratch/layout:t"
    umoci unpack --rootless --image "$scratch/layout:t" "$scratch/bundle"
    cp -a "$root/." "$scratch/bundle/rootfs/"
    umoci repack --image "$scratch/layout:t" "$scratch/bundle"
    skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$scratch/layout:t" "docker://127.0.0.1:$port/$2"
    digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$port/$2")
}

teardown() {
    if [ -n "${registry-}" ]; then kill "$registry"; fi
    if [ -n "${dyno-}" ]; then kill "$dyno"; fi # of a test that failed
    end_key
    teardown_scratch
}

@test "Redis of three suites, and Valkey, beside the host's libc" {
    answers --redis=6.0 'redis_version:6.0.*'
    answers --redis=7 'redis_version:7.0.*'
    answers --redis=8.0 'redis_version:8.0.*'
    answers --redis=valkey:8.1 '*valkey_version:8.1.*'
}

# As only root can see it: from outside, file by file.
@test "no library of the tree reaches the step, none of the host's the server; /tmp, /app and /proc are the same" {
    [ "$(id -u)" = 0 ] || skip "only root can look into the processes of a dyno"
    local root server step place
    root=$(indyno image inspect redis:8.0 | jq -r '.path + "/tree/root"')
    start_up run -q --redis=8.0 "$app" -- sh -c 'env | grep ^LD_; echo up; exec sleep 1000'
    server=$(descendant "$dyno" redis-server) step=$(descendant "$dyno" sleep)
    for library in $(awk '$6 ~ /[.]so/ { print $6 }' "/proc/$server/maps" | sort -u); do
        [ "/proc/$server/root/$library" -ef "$root/$library" ]
    done
    for library in $(awk '$6 ~ /[.]so/ { print $6 }' "/proc/$step/maps" | sort -u); do
        [ "/proc/$step/root/$library" -ef "$library" ]
    done
    for place in tmp app proc/1; do
        [ "/proc/$server/root/$place" -ef "/proc/$step/root/$place" ]
    done
    [ ! -e "/proc/$server/root/opt/indyno" ]
    kill "$dyno"
    status_of "$dyno" 143
    dyno=
}

@test "a version that is nowhere names the command that would bring it" {
    run -65 indyno run -q --redis=6.2.10 "$app" -- true
    [[ "$output" == *"indyno image install redis:6.2.10"* ]]
    run -65 indyno image install redis:5.0.1
    [[ "$output" == *"the catalog has:"* ]]
}

@test "--pull=missing installs on the way, --pull=never refuses, a plan does nothing" {
    write_app <<'J'
{"environments": {"test": {"addons": [{"plan": "heroku-redis:in-dyno", "options": {"engine": "valkey", "version": "8"}}],
    "scripts": {"test": "valkey-cli ping"}}}}
J
    export INDYNO_STORE=$scratch/store
    run -65 indyno run -q "$app"
    [[ "$output" == *"indyno image install valkey:8"* ]]
    run -65 indyno plan --pull=missing "$app"
    [ ! -e "$scratch/store/images/valkey" ]
    run -0 --separate-stderr indyno run --pull=missing "$app"
    [ "$output" = PONG ]
    [[ "$stderr" == *"valkey:8.1: fetching"* ]]
    run -0 --separate-stderr indyno run -q "$app"
    [ "$output" = PONG ]
}

# What the host's own apt and dpkg know.
apt_state() {
    find /var/lib/apt/lists /var/lib/apt/extended_states /var/lib/dpkg /etc/apt -type f -exec sha256sum {} + 2>/dev/null | sort
}

# A further source of the suite, as PGDG is one: sets INDYNO_CONFIG_DIR.
add_extension() {
    local share=$scratch/package/usr/share/postgresql/17/extension
    mkdir -p "$share"
    echo "default_version = '1.0'" >"$share/indynotest.control"
    echo "create function indynotest() returns int language sql as 'select 7'" >"$share/indynotest--1.0.sql"
    make_package "$scratch/repository" postgresql-17-indynotest 1.0 "$scratch/package" </dev/null
    make_key mine
    sign_repository "$scratch/repository" mine
    export INDYNO_CONFIG_DIR=$scratch/config
    add_repository "$scratch/repository" "$scratch/mine.gpg" trixie mine
    give "$scratch"
}

# The attacks of tests/inside, by Postgres' user in the server's root.
attack_from_server() {
    local INSIDE=$abs_top_builddir/tests/inside/inside
    . "$abs_top_srcdir/tests/inside/situation.sh"
    make_situation
    cp "$scratch/inside" "$app/inside"
    start_outside
    INDYNO_STORE=$scratch/store run --separate-stderr as_tester "$scratch/inside" --odd "$INDYNO" run -q --postgres=17 \
        "${attack_arguments[@]}" "$app" -- sh -c "${as_server/\/inside --server//app\/inside --server -write-bind -bound-device -owner-of-usr}" # nothing of --ro-bind is there; a tree is whose store it is
    end_outside
    ! grep '^not ok' <<<"$output" || return 1
    [ "$(grep -c '^ok' <<<"$output")" -ge 80 ] || { echo "$output $stderr"; return 1; }
}

@test "deb: Postgres of another suite with PostGIS, pgvector and a further source's extension, in a root of its own" {
    local before
    before=$(apt_state)
    add_extension
    INDYNO_STORE=$scratch/store run -0 indyno image install postgresql:17 --from deb \
        --with postgresql-17-postgis-3 --with postgresql-17-pgvector --with postgresql-17-indynotest
    [ "$(apt_state)" = "$before" ]
    echo 'from the app' >"$app/file"
    give "$scratch"
    INDYNO_STORE=$scratch/store run -0 --separate-stderr indyno run -q --postgres=17 "$app" -- psql -v ON_ERROR_STOP=1 -Atq \
        -c 'create extension vector' -c 'create extension postgis' -c "select '[1,2,3]'::vector <-> '[1,2,5]'" \
        -c "select st_astext(st_point(1, 2))" -c "select pg_read_file('/app/file')" \
        -c "select size > 0 from pg_stat_file('/usr/share/postgresql/17/extension/vector.control')" -c "copy (select 42) to program 'cat >/tmp/out'" \
        -c "select pg_read_file('/tmp/out')" -c "select string_agg(c, '' order by c) from unnest('{b,B,a,A}'::text[]) c" \
        -c 'create extension indynotest' -c 'select indynotest()'
    [ "$output" = "$(printf '2\nPOINT(1 2)\nfrom the app\n\nt\n42\n\naAbB\n7')" ]
    INDYNO_STORE=$scratch/store run -0 --separate-stderr indyno run -q --postgres=17 "$app" -- \
        sh -c 'psql --version; pg_dump >/dev/null && pg_dumpall >/dev/null; cat /etc/os-release'
    [[ "$output" == *"(PostgreSQL) 17."* ]]
    [[ "$output" == *"$(grep ^VERSION_ID= /etc/os-release)"* ]]
    attack_from_server
    # Another one beside it, which does not have them, is told of this one.
    INDYNO_STORE=$scratch/store run -0 indyno image install postgresql:16
    INDYNO_STORE=$scratch/store run -1 --separate-stderr indyno run --postgres=16 "$app" -- psql -c 'create extension vector'
    [[ "$stderr" == *'the extension "vector" is not in postgresql:16'*"postgresql:17."*"has it: --postgres=17."* ]]
}

@test "source: built in a dyno from a tarball whose digest is known" {
    (cd "$scratch" && "$abs_top_srcdir/tests/cli/fetch-source.sh" bookworm redis)
    local tarball=("$scratch"/redis_7.0.15.orig.tar.*) digest
    digest=sha256:$(sha256sum "${tarball[0]}" | cut -d' ' -f1)
    give "$scratch"
    # Debian repacks: it is not upstream's file, and the catalog pins that.
    INDYNO_STORE=$scratch/store run -125 indyno image install redis:7.0.15 --from source --tarball "${tarball[0]}"
    [[ "$output" == *"its digest is $digest, not sha256:98066f53"* ]]
    INDYNO_STORE=$scratch/store run -0 indyno image install redis:7.0.15 --from source --tarball "${tarball[0]}" --digest "$digest"
    INDYNO_STORE=$scratch/store answers --redis=7.0.15 'redis_version:7.0.15*'
    INDYNO_STORE=$scratch/store run -0 --separate-stderr indyno image inspect redis:7.0.15
    [ "$(jq -r .digest <<<"$output")" = "$digest" ]
    # A folder with these programs at its top is a prefix as well.
    cp -r "$(jq -r '.path + "/tree/bin"' <<<"$output")" "$scratch/programs"
    give "$scratch"
    INDYNO_STORE=$scratch/another run -0 indyno image import redis "$scratch/programs"
    INDYNO_STORE=$scratch/another answers --redis=7.0.15 'redis_version:7.0.15*'
}

@test "oci: an image of a registry, by its digest" {
    start_registry
    push_root redis:8.0 redis:8
    give "$scratch"
    INDYNO_STORE=$scratch/store run -125 indyno image import redis "docker://127.0.0.1:$port/redis:8" \
        --digest "sha256:$(printf '0%.0s' {1..64})"
    [[ "$output" == *"its digest is $digest, not sha256:000"* ]]
    [ -z "$(find "$scratch/store" -name manifest.json)" ]
    INDYNO_STORE=$scratch/store run -0 indyno image import redis:8.0 "docker://127.0.0.1:$port/redis:8" --digest "$digest"
    INDYNO_STORE=$scratch/store answers --redis=8.0 'redis_version:8.0.*'
    INDYNO_STORE=$scratch/store run -0 --separate-stderr indyno image inspect redis:8.0
    [ "$(jq -r .digest <<<"$output")" = "$digest" ]
}

@test "an operator's own importer, in the drop-in folder" {
    local root
    root=$(indyno image inspect redis:7.0 | jq -r '.path + "/tree/root"')
    mkdir -p "$scratch/config/importers"
    printf '#!/bin/sh\ncp -a "%s/$1/." "$2/"\necho source=mine:$1\necho layout=root\n' "${root%/root}" \
        >"$scratch/config/importers/from-mine"
    chmod 755 "$scratch/config/importers/from-mine"
    give "$scratch"
    INDYNO_CONFIG_DIR=$scratch/config INDYNO_STORE=$scratch/store run -0 indyno image install redis:7.0 --from mine:root
    INDYNO_STORE=$scratch/store answers --redis=7.0 'redis_version:7.0.*'
    INDYNO_STORE=$scratch/store run -65 indyno image install redis:7.0 --from mine:root
    [[ "$output" == *"--from mine: no such importer"* ]]
}
