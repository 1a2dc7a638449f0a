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

@test "a tree whose server does not start is refused with its own words, and nothing of it stays" {
    local store=$scratch/store
    mkdir -p "$scratch/bad/bin"
    printf '#!/bin/sh\n[ "$1" != --version ] || { echo "Redis server v=9.9.9"; exit; }\necho "my own words"; exit 1\n' \
        >"$scratch/bad/bin/redis-server"
    chmod 755 "$scratch/bad/bin/redis-server"
    give "$scratch"
    INDYNO_STORE=$store run -125 indyno image import redis "$scratch/bad"
    [[ "$output" == *"my own words"* ]]
    [ "$(find "$store" -mindepth 1 ! -name .lock ! -name images)" = "" ]
}

@test "import of a Postgres: a template is made, and it runs" {
    local store=$scratch/store source
    source=$(indyno image inspect postgresql:16 | jq -r '.path + "/" + .tree')
    INDYNO_STORE=$store run -0 indyno image import postgresql:16.14 "$source"
    INDYNO_STORE=$store run -0 --separate-stderr indyno run -q --postgres=16 "$app" -- \
        sh -c 'head -1 $PGDATA/PG_VERSION 2>/dev/null; pg_ctl --version'
    [[ "$output" == *"(PostgreSQL) 16.14"* ]]
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
    [ "$(find "$store" -mindepth 1 ! -name .lock ! -name images)" = "" ]
}

@test "a package whose digest is not the catalog's is refused, and nothing of it stays" {
    local store=$scratch/store catalog=$scratch/catalog.json
    jq '.postgresql.releases |= map(select(.version == "14.23") | .digest |= map_values(sub("sha512-.."; "sha512-xx")))' \
        "$abs_top_srcdir/images/catalog.json" >"$catalog"
    give "$scratch"
    INDYNO_STORE=$store INDYNO_CATALOG=$catalog run -125 indyno image install postgresql:14
    [[ "$output" == *"its digest is sha512-"*", not sha512-xx"* ]]
    [ "$(find "$store" -mindepth 1 ! -name .lock ! -name images)" = "" ]
}
