# indyno image: the store. Installing from the registries is what quickstart does; here what can go wrong.

load helper

@test "ls lists what is installed, also as JSON" {
    run -0 --separate-stderr indyno image ls
    [[ "$output" == *postgresql*16.14* ]]
    [[ "$output" == *redis*7.0.* ]]
    run -0 --separate-stderr indyno image ls --json
    [ "$(jq -r '[.[] | select(.name == "postgresql")] | length >= 3' <<<"$output")" = true ]
}

@test "inspect says where a tree came from, with its digest" {
    run -0 --separate-stderr indyno image inspect postgresql:16
    [ "$(jq -r .version <<<"$output")" = 16.14 ]
    [[ "$(jq -r .source <<<"$output")" == npm:* ]]
    run -65 indyno image inspect postgresql:13
}

@test "an image that is there is not installed again" {
    run -0 indyno image install postgresql:16
    [[ "$output" == *16.14* ]]
}

@test "what the catalog does not have is refused" {
    run -65 indyno image install postgresql:9.6
    run -65 indyno image install mysql
    run -64 indyno image frobnicate
}

# The tree under test is one that is there: Redis' own root, under another store.
@test "import: any directory, whose server is asked for its version" {
    local store=$scratch/store source
    source=$(indyno image inspect redis:7.0 | jq -r '.path + "/tree/root"')
    INDYNO_STORE=$store run -65 indyno image import redis:6.2.10 "$source"
    [[ "$output" == *7.0.* ]]
    [ -z "$(find "$store" -name manifest.json 2>/dev/null)" ]
    INDYNO_STORE=$store run ! indyno image import redis:6.2.10 "$scratch/nowhere"
    [[ "$output" == *"$scratch/nowhere: not a directory"* ]]
}

@test "a version that was imported runs, and is gone when removed" {
    local store=$scratch/store version source
    version=$(indyno image inspect redis:7.0 | jq -r .version)
    source=$(indyno image inspect redis:7.0 | jq -r '.path + "/tree/root"')
    INDYNO_STORE=$store run -0 indyno image import redis "$source"
    INDYNO_STORE=$store run -0 --separate-stderr indyno run -q "--redis=$version" "$app" -- sh -c 'redis-cli ping'
    [ "$output" = PONG ]
    INDYNO_STORE=$store run -0 indyno image rm "redis:$version"
    INDYNO_STORE=$store run -65 indyno run -q "--redis=$version" "$app" -- true
    INDYNO_STORE=$store run -65 indyno image rm "redis:$version"
}

@test "app.json's REDIS_VERSION runs on a tree that was imported under it, and names the remedy without one" {
    local store=$scratch/store version source
    version=$(indyno image inspect redis:6.0 | jq -r .version)
    source=$(indyno image inspect redis:6.0 | jq -r '.path + "/tree/root"')
    write_app <<J
{"env": {"REDIS_VERSION": {"value": "$version"}}, "environments": {"test": {"addons": ["heroku-redis:in-dyno"],
    "scripts": {"test": "redis-cli info server | grep ^redis_version"}}}}
J
    INDYNO_STORE=$store run -65 indyno run -q "$app"
    [[ "$output" == *"indyno image install redis:$version"* || "$output" == *"indyno image import redis:$version"* ]]
    INDYNO_STORE=$store run -0 indyno image import "redis:$version" "$source"
    INDYNO_STORE=$store run -0 --separate-stderr indyno run -q "$app"
    [[ "$output" == "redis_version:$version"* ]]
    sed -i "s/$version/6.2.10/" "$app/app.json"
    INDYNO_STORE=$store run -65 indyno run -q "$app"
    [[ "$output" == *"indyno image install redis:6.2.10"* ]]
}

@test "a tree whose server does not start is refused with its own words, and nothing of it stays" {
    local store=$scratch/store
    mkdir -p "$scratch/bad/bin"
    printf '#!/bin/sh\n[ "$1" != --version ] || { echo "Redis server v=9.9.9"; exit; }\necho "my own words"; exit 1\n' \
        >"$scratch/bad/bin/redis-server"
    chmod 755 "$scratch/bad/bin/redis-server"
    give "$scratch"
    INDYNO_STORE=$store run -125 indyno image import redis "$scratch/bad"
    [[ "$output" == *"my own words"* ]]
    [ "$(find "$store" -mindepth 1 ! -name '.lock-*' ! -name images)" = "" ]
}

# As distributions lay one out: programs in a folder of the version's, the rest elsewhere, behind links.
@test "import of a Postgres: what links of a prefix lead to is copied, a template is made, and it runs" {
    local store=$scratch/store source
    source=$(indyno image inspect postgresql:16 | jq -r '.path + "/" + .tree')
    mkdir -p "$scratch/lib/postgresql/16"
    cp -a "$source/share" "$scratch/share"
    ln -s "$source/bin" "$source/lib" "$scratch/lib/postgresql/16/"
    ln -s ../../../share "$scratch/lib/postgresql/16/share"
    give "$scratch"
    INDYNO_STORE=$store run -0 indyno image import postgresql:16.14 "$scratch/lib/postgresql/16"
    rm -r "$scratch/lib" "$scratch/share"
    [ "$(find "$store"/images/postgresql/16.14/tree -maxdepth 1 -type l)" = "" ]
    INDYNO_STORE=$store run -0 --separate-stderr indyno run -q --postgres=16 "$app" -- \
        sh -c 'head -1 $PGDATA/PG_VERSION 2>/dev/null; pg_ctl --version'
    [[ "$output" == *"(PostgreSQL) 16.14"* ]]
}

# A copy of the Postgres 17 that is there, as a prefix of the operator's: sets prefix.
make_prefix() {
    prefix=$scratch/pg17
    cp -a "$(indyno image inspect postgresql:17 | jq -r '.path + "/" + .tree')" "$prefix"
    chmod -R u+w "$prefix"
    give "$scratch"
}

@test "import --in-place: a prefix is used where it is, and no longer once its server was replaced" {
    export INDYNO_STORE=$scratch/store:$INDYNO_STORE
    make_prefix
    run -0 indyno image import --in-place postgresql:17 "$prefix"
    [ ! -e "$scratch/store/images/postgresql/17.10/tree" ]
    run -0 --separate-stderr indyno image inspect postgresql:17
    [ "$(jq -r '.tree, .source' <<<"$output")" = "$(printf '%s\nin-place:%s' "$prefix" "$prefix")" ]
    run -0 --separate-stderr indyno run -q --postgres=17 "$app" -- sh -c 'psql -Atc "show server_version"; stat -c %d:%i "$(command -v pg_ctl)"'
    [[ "${lines[0]}" == 17.* ]]
    [ "${lines[1]}" = "$(stat -c %d:%i "$prefix/bin/pg_ctl")" ]
    run -0 indyno image verify postgresql:17
    printf x >>"$prefix/share/postgresql/extension/hstore.control"
    run -1 --separate-stderr indyno image verify postgresql:17
    [[ "$output" == *"postgresql:17.10: changed: tree/share/postgresql/extension/hstore.control"* ]]

    cp -a "$prefix/bin/postgres" "$prefix/bin/new" # of the same time and size
    mv "$prefix/bin/new" "$prefix/bin/postgres"
    run -65 indyno run -q --postgres=17 "$app" -- true
    [[ "$output" == *"from a server that has been replaced since"*"indyno image import --in-place postgresql $prefix"* ]]
    run -0 indyno image import --in-place postgresql "$prefix"
    run -0 indyno run -q --postgres=17 "$app" -- true
    mv "$prefix" "$prefix.gone"
    run -65 indyno run -q --postgres=17 "$app" -- true
    [[ "$output" == *"$prefix/bin/postgres: No such file or directory"* ]]
    run -0 indyno image rm postgresql:17.10
    [ -e "$prefix.gone/bin/postgres" ]
}

@test "import --in-place refuses what is no prefix" {
    local redis=$scratch/store/images/redis
    mkdir "$scratch/empty"
    export INDYNO_STORE=$scratch/store
    run -65 indyno image import --in-place redis "$scratch/empty"
    [[ "$output" == *"there is no redis-server in bin/ or at the top of the tree"* ]]
    run ! indyno image import --in-place redis "$scratch/nowhere"
    [[ "$output" == *"use $scratch/nowhere in place: No such file or directory"* ]]
    run -64 indyno image import --in-place redis oci:x
    run -64 indyno image install --in-place redis:7.0
    [ ! -e "$redis" ]
}

# Its library ends the process that loads it, as an interpreter without its modules does.
@test "an extension that ends the server is left out, the others are not" {
    export INDYNO_STORE=$scratch/store:$INDYNO_STORE
    make_prefix
    local extensions=$prefix/share/postgresql/extension
    echo "default_version = '1'" >"$extensions/killer.control"
    # shellcheck disable=SC2016 # Postgres' own variable
    echo 'create function killer() returns void language c as '"'"'$libdir/killer'"'"';' >"$extensions/killer--1.sql"
    printf '#include <unistd.h>\n__attribute__((constructor)) static void end(void) { _exit(3); }\n' >"$scratch/killer.c"
    cc -shared -fPIC -o "$prefix/lib/postgresql/killer.so" "$scratch/killer.c"
    echo "default_version = '1'" >"$extensions/odd name.control"
    give "$scratch"
    run -0 indyno image import --in-place postgresql:17 "$prefix"
    run -0 --separate-stderr indyno image inspect postgresql:17
    [ "$(jq -r '.left_out.killer' <<<"$output")" = "the server ends when it is created" ]
    [ "$(jq -r '.extensions | length >= 40 and has("hstore") and (has("killer") | not)' <<<"$output")" = true ]
}

@test "an image of an indyno with another kind of template is not used" {
    local store=$scratch/store
    mkdir -p "$store/images/postgresql"
    cp -a "$(indyno image inspect postgresql:17 | jq -r .path)" "$store/images/postgresql/17.10"
    chmod -R u+w "$store"
    sed -i 's/settings [0-9]*"/settings 0"/' "$store/images/postgresql/17.10/manifest.json"
    give "$scratch"
    INDYNO_STORE=$store run -65 indyno run -q --postgres=17 "$app" -- true
    [[ "$output" == *"postgresql:17.10 was made by another version of indyno"*"indyno image install postgresql:17.10"* ]]
}

# Later runs, root's too, would show what it leads to.
@test "a server that leaves a link in the place of its cluster is refused, and nothing of it stays" {
    local store=$scratch/store bin=$scratch/bad/bin
    mkdir -p "$bin"
    printf '#!/bin/sh\nmkdir -p template/pg_wal\n' >"$bin/initdb"
    cat >"$bin/postgres" <<'SH'
#!/bin/sh
[ "$1" = --single ] || { echo "postgres (PostgreSQL) 16.99"; exit; }
cat >/dev/null
rm -rf template
ln -s /etc template
SH
    chmod 755 "$bin"/*
    give "$scratch"
    INDYNO_STORE=$store run -125 indyno image import postgresql "$scratch/bad"
    [[ "$output" == *"the template cluster has no folder template"* ]]
    [ "$(find "$store" -mindepth 1 ! -name '.lock*' ! -name images)" = "" ]
}

@test "a full disk is one clear error, and nothing stays" {
    [ "$(id -u)" = 0 ] || skip "only root can make a small disk"
    local rights
    export INDYNO_STORE=$scratch/store
    mkdir "$INDYNO_STORE"
    set_rights
    run -125 unshare --mount bash -c '
        mount -t tmpfs -o size=24m small "$0" && chmod 777 "$0" || exit 1
        "$@" || status=$?
        find "$0" -mindepth 1 ! -name ".lock*" ! -name images
        exit "$status"' "$INDYNO_STORE" "${rights[@]}" "$INDYNO" image install redis:8.0
    [ "${#lines[@]}" = 3 ]
    [[ "${lines[1]}" == "indyno: install redis:8.0: no space left in $INDYNO_STORE ("*" free)" ]]
}

@test "a package whose digest is not the catalog's is refused, and nothing of it stays" {
    local store=$scratch/store catalog=$scratch/catalog.json
    jq '.postgresql.releases |= map(select(.version == "14.23") | .digest |= map_values(sub("sha512-.."; "sha512-xx")))' \
        "$abs_top_srcdir/images/catalog.json" >"$catalog"
    give "$scratch"
    INDYNO_STORE=$store INDYNO_CATALOG=$catalog run -125 indyno image install postgresql:14
    [[ "$output" == *"its digest is sha512-"*", not sha512-xx"* ]]
    [ "$(find "$store" -mindepth 1 ! -name '.lock-*' ! -name images)" = "" ]
}

# A store of this test's own with a Redis, whose version and root filesystem it sets; it is the one in use from here on.
make_store() {
    version=$(indyno image inspect redis:7.0 | jq -r .version)
    root=$(indyno image inspect redis:7.0 | jq -r '.path + "/tree/root"')
    others=$INDYNO_STORE
    export INDYNO_STORE=$scratch/store
    run -0 indyno image import redis "$root"
    image=$scratch/store/images/redis/$version
}

# A second release of the same line, which is no copy that would run elsewhere.
add_release() { # VERSION
    cp -a "$image" "$scratch/store/images/redis/$1"
    jq --arg version "$1" '.version = $version' "$image/manifest.json" >"$scratch/store/images/redis/$1/manifest.json"
    give "$scratch/store"
}

@test "verify: every difference to what was installed is told by name" {
    make_store
    run -0 --separate-stderr indyno image verify
    [ "$output" = "redis:$version: ok" ]
    printf x | dd of="$image/tree/root/etc/passwd" conv=notrunc status=none
    rm "$image/tree/clients/redis-cli"
    echo new >"$image/tree/root/etc/new"$'\e'
    chmod 777 "$image/tree/root/var"
    run -1 --separate-stderr indyno image verify redis:7.0
    [ "$output" = "redis:$version: missing: tree/clients/redis-cli
redis:$version: added: tree/root/etc/new\\x1b
redis:$version: changed: tree/root/etc/passwd
redis:$version: mode changed: tree/root/var" ]
    run -65 indyno image verify redis:6
    rm "$image/contents"
    run -1 --separate-stderr indyno image verify
    [ "$output" = "redis:$version: missing: contents" ]
    jq 'del(.contents)' "$image/manifest.json" >"$scratch/manifest"
    cat "$scratch/manifest" >"$image/manifest.json"
    run -1 --separate-stderr indyno image verify
    [ "$output" = "redis:$version: not measured: install it again" ]
}

@test "an image that a run uses is neither removed nor replaced" {
    make_store
    mkfifo "$scratch/go"
    start_indyno run -q --redis "$app" -- sh -c 'redis-cli ping; read line; redis-cli ping' \
        <"$scratch/go" >"$scratch/out" &
    local run=$!
    exec 5>"$scratch/go"
    until grep -qs PONG "$scratch/out"; do kill -0 "$run"; sleep 0.05; done
    run -75 indyno image rm "redis:$version"
    [[ "$output" == *"redis:$version is in use by a run"* ]]
    run -75 indyno image import redis "$root"
    [[ "$output" == *"redis:$version is in use by a run"* ]]
    [ "$(find "$scratch/store" -mindepth 1 -maxdepth 1 -name '.new-*')" = "" ]
    add_release 7.0.999
    run -0 --separate-stderr indyno image prune --dry-run
    [[ "$output" == *"redis:$version: kept: in use by a run"* ]]
    run -0 --separate-stderr indyno image prune
    [[ "$output" == *"redis:$version: kept: in use by a run"* ]]
    echo >&5
    exec 5>&-
    status_of "$run" 0
    [ "$(grep -c PONG "$scratch/out")" = 2 ]
    run -0 indyno image rm "redis:$version" redis:7.0.999
    run -0 --separate-stderr indyno image ls --json
    [ "$output" = "[]" ]
}

@test "two installs of one image at once: both succeed, one does the work" {
    make_store
    export INDYNO_STORE=$scratch/two INDYNO_CATALOG=$scratch/catalog.json
    jq -n --arg root "$root" '{redis: {default: "7.0", releases: [{version: "7.0", from: "dir", source: $root}]}}' \
        >"$INDYNO_CATALOG"
    give "$scratch"
    local one
    indyno image install redis >"$scratch/one" 2>&1 3>&- &
    one=$!
    run -0 indyno image install redis:7.0
    echo "$output" >"$scratch/other"
    status_of "$one" 0
    [ "$(cat "$scratch/one" "$scratch/other" | grep -c fetching)" = 1 ]
    [ "$(cat "$scratch/one" "$scratch/other" | grep -c "redis:$version is installed")" = 1 ]
    run -0 --separate-stderr indyno image verify
    [ "$output" = "redis:$version: ok" ]
    [ "$(find "$scratch/two" -mindepth 1 -maxdepth 1 ! -name '.lock-*' ! -name images)" = "" ]
}

@test "prune: older releases of a line, and what killed installs left" {
    make_store
    add_release 7.0.1
    add_release 7.2.1
    mkdir "$scratch/store/.new-dead"
    echo half >"$scratch/store/.new-dead/file"
    give "$scratch/store"
    run -0 --separate-stderr indyno image prune --dry-run
    [[ "${lines[0]}" == "redis:7.0.1: would be removed, "*" MB: $version is there" ]]
    [[ "${lines[1]}" == "$scratch/store/.new-dead: would be removed, 5 B: "* ]]
    [[ "${lines[2]}" == "total: "*" MB" ]]
    [ "${#lines[@]}" = 3 ]
    run -0 --separate-stderr indyno image prune
    [[ "${lines[0]}" == "redis:7.0.1: removed, "* ]]
    [ "$(indyno image ls --json | jq -r '[.[].version] | join(" ")')" = "7.2.1 $version" ]
    [ ! -e "$scratch/store/.new-dead" ]
    run -0 --separate-stderr indyno image prune
    [ "$output" = "total: 0 B" ]
    run -64 indyno image prune everything
}

@test "further stores are read through, and not written" {
    make_store
    INDYNO_STORE=$scratch/store:$others
    [ "$(indyno image inspect redis:7.0 | jq -r .path)" = "$image" ]
    [ "$(indyno image ls --json | jq -r '.[] | select(.name == "postgresql" and .version == "16.14") | .store')" = "$others" ]
    run -0 --separate-stderr indyno run -q --postgres=16 --redis=7.0 "$app" -- psql -Atc 'SELECT 1'
    [ "$output" = 1 ]
    run -65 indyno image rm postgresql:16.14
    [[ "$output" == *"postgresql:16.14 is in $others, which is only read"* ]]
    run -0 indyno image rm "redis:$version"
    [[ "$(indyno image inspect redis:7.0 | jq -r .path)" == "$others"/* ]]
}
