# The databases: real servers, real clients.

load helper

both() {
    run -0 --separate-stderr indyno run -q --postgres=16 --redis "$app" -- "$@"
}

postgres() {
    run -0 --separate-stderr indyno run -q --postgres=16 "$app" -- "$@"
}

@test "bare psql works, and the version is what was asked for" {
    postgres psql -Atc 'show server_version'
    [[ "$output" == 16.14* ]]
    run -0 --separate-stderr indyno run -q --postgres=16.14 "$app" -- psql -Atc 'show server_version'
    [[ "$output" == 16.14* ]]
    run -0 --separate-stderr indyno run -q --postgres "$app" -- psql -Atc 'show server_version'
    [[ "$output" == 17.* ]]
}

@test "DATABASE_URL has Heroku's shape and leads to a superuser of postgres_buildpack_db" {
    postgres sh -c 'echo $DATABASE_URL; psql $DATABASE_URL -Atc "select current_user, current_database(), usesuper from pg_user where usename = current_user"'
    [[ "${lines[0]}" =~ ^postgres://u[a-z0-9]+:p[a-z0-9]+@localhost:5432/postgres_buildpack_db$ ]]
    [[ "${lines[1]}" =~ ^u[a-z0-9]+\|postgres_buildpack_db\|t$ ]]
}

@test "PGHOST, PGDATA, the roles and the heroku_ext schema" {
    postgres sh -c 'echo $PGHOST; test -n "$PGDATA" && echo data; psql -Atc "select rolname from pg_roles where rolname in ('"'dyno','postgres'"') order by 1"; psql -U postgres -Atc "select 1" postgres; psql $DATABASE_URL -Atc "select nspname from pg_namespace where nspname = '"'heroku_ext'"'"'
    [ "$output" = "$(printf '/tmp\ndata\ndyno\npostgres\n1\nheroku_ext')" ]
}

@test "HEROKU_CI_POSTGRES_HEROKU_EXT_OFF leaves the schema out" {
    run -0 --separate-stderr indyno run -q -e HEROKU_CI_POSTGRES_HEROKU_EXT_OFF=1 --postgres=16 "$app" -- \
        sh -c 'psql $DATABASE_URL -Atc "select count(*) from pg_namespace where nspname = '"'heroku_ext'"'"'
    [ "$output" = 0 ]
}

@test "UTF8, and text sorts as on Heroku" {
    postgres psql -Atc "select pg_encoding_to_char(encoding), datcollate from pg_database where datname = 'postgres_buildpack_db'"
    [ "$output" = "UTF8|en_US.UTF-8" ]
    postgres psql -Atc "select string_agg(c, '' order by c) from unnest('{b,B,a,A}'::text[]) c"
    [ "$output" = aAbB ]
}

@test "no SSL: a client that demands it gets Postgres' own refusal" {
    run ! indyno run -q --postgres=16 "$app" -- psql "postgres://postgres@localhost/postgres?sslmode=require" -c 'select 1'
    [[ "$output" == *"server does not support SSL"* ]]
}

@test "it listens on 127.0.0.1, ::1 and the socket in /tmp" {
    for host in 127.0.0.1 ::1 /tmp; do
        postgres psql -h "$host" -Atc 'select 1'
        [ "$output" = 1 ]
    done
}

@test "CREATE EXTENSION makes each extension that an image says it has, of each version, and none that it leaves out" {
    local version manifest
    cat >"$app/try" <<'SH'
each() { # FILE
    while read -r e; do
        psql -qAt -v ON_ERROR_STOP=1 -c begin -c "create extension if not exists \"$e\" cascade" -c rollback >/dev/null 2>&1 && echo "$e"
    done <"$1"
}
each has >made
cmp has made >&2 || diff has made >&2
each left-out || true
SH
    for version in 14 15 16 17 18; do
        manifest=$(indyno image inspect "postgresql:$version")
        jq -r '.extensions | keys_unsorted[]' <<<"$manifest" >"$app/has"
        jq -r '.left_out | keys_unsorted[]' <<<"$manifest" >"$app/left-out"
        [ "$(wc -l <"$app/has")" -ge 40 ]
        for name in uuid-ossp pgcrypto xml2 sslinfo citext hstore pg_trgm plpgsql; do grep -qx -- "$name" "$app/has"; done
        grep -qx plperl "$app/left-out" # Perl's library is not among what npm brings
        run -0 --separate-stderr indyno run -q "--postgres=$version" "$app" -- sh try
        [ "$output$stderr" = "" ]
    done
}

@test "an image says what its server was built with, and why what it leaves out does not work" {
    run -0 --separate-stderr indyno image inspect postgresql:16
    [ "$(jq -r '.features | keys | join(" ")' <<<"$output")" = "gssapi icu jit ldap lz4 ssl uuid xml xslt zstd" ]
    [ "$(jq -r '.features | .ssl, .gssapi, .xml, .xslt, .uuid' <<<"$output" | tr '\n' ' ')" = "OpenSSL no yes yes yes " ]
    [[ "$(jq -r .left_out.plperl <<<"$output")" == *libperl* ]]
    [ "$(jq -r .left_out.hstore <<<"$output")" = null ]
}

@test "a second database, tables and rows" {
    postgres sh -c 'createdb more && psql more -qAtc "create table t as select generate_series(1,100000) i" -c "select count(*) from t" && pg_dump more | grep -c "^COPY"'
    [ "$output" = "$(printf '100000\n1')" ]
}

@test "the client programs are there, and not older than the server" {
    for version in 14 15 16 17 18; do
        run -0 --separate-stderr indyno run -q --postgres=$version "$app" -- \
            sh -c 'for c in psql pg_dump pg_restore pg_dumpall createdb dropdb pg_isready pg_ctl; do command -v $c >/dev/null || echo no $c; done; pg_dump >/dev/null && pg_dumpall >/dev/null && pg_isready >/dev/null && psql --version'
        [[ "$output" =~ ^psql.*\ ([0-9]+)\. ]]
        [ "${BASH_REMATCH[1]}" -ge "$version" ]
    done
}

@test "Redis: REDIS_URL, a password, a bare redis-cli, nothing saved" {
    run -0 --separate-stderr indyno run -q --redis=7.0 "$app" -- \
        sh -c 'echo $REDIS_URL; redis-cli ping; redis-cli config get save; redis-cli set a b; redis-cli get a; redis-cli info server | grep ^redis_version; REDISCLI_AUTH= redis-cli ping 2>&1; redis-cli -p 6379 -h ::1 ping'
    [[ "${lines[0]}" =~ ^redis://:[^@]+@localhost:6379/$ ]]
    [ "${lines[1]}" = PONG ]
    [ "${lines[2]}" = save ]
    [[ "$output" == *redis_version:7.0.* ]]
    [[ "$output" == *NOAUTH* ]]
    [ "${lines[-1]}" = PONG ]
}

@test "both answer before the step starts" {
    both sh -c 'psql -Atc "select 1" && redis-cli ping'
    [ "$output" = "$(printf '1\nPONG')" ]
}

@test "nothing is written into /app" {
    both sh -c 'redis-cli set a b >/dev/null; redis-cli save >/dev/null; psql -qc checkpoint; ls -A'
    [ "$output" = "" ]
}

@test "each server has its own user" {
    both sh -c 'ps -eo user=,comm= | grep -E "postgres$|redis-server" | sort -u | tr -s " "'
    [[ "$output" == *"postgres postgres"* ]]
    [[ "$output" == *"redis redis-server"* ]]
}

@test "CI's variables" {
    both sh -c 'echo $CI $CI_NODE_INDEX $CI_NODE_TOTAL; for v in STACK PORT DYNO LANG HEROKU_TEST_RUN_ID; do eval test -n \"\$$v\" || echo no $v; done'
    [ "$output" = "true 0 1" ]
}

@test "branch and commit are read from .git" {
    as_tester git -C "$app" init -q -b topic/x
    as_tester git -C "$app" -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one
    run -0 --separate-stderr indyno run -q "$app" -- sh -c 'echo $HEROKU_TEST_RUN_BRANCH $HEROKU_TEST_RUN_COMMIT_VERSION'
    [ "$output" = "topic/x $(as_tester git -C "$app" rev-parse HEAD)" ]
}

@test "Postgres killed by the step: 125, and it says so" {
    run -125 indyno run --postgres "$app" -- sh -c "psql -c \"copy (select 1) to program 'kill -9 \\\$(head -1 postmaster.pid)'\"; true"
    [[ "$output" == *"postgres was killed by signal 9"* ]]
}

@test "Redis shut down by the step is noted, and no error" {
    run -0 indyno run --redis "$app" -- sh -c 'redis-cli shutdown nosave; true'
    [[ "$output" == *"redis was shut down by a client"* ]]
}

# The step cannot kill it: so it is done from outside.
@test "Redis killed: 125, and it says so" {
    [ "$(id -u)" = 0 ] || skip "only root can kill a process of another id"
    mkfifo "$scratch/go"
    give "$scratch"
    start_indyno run --redis --bind "$scratch/go:/tmp/go" "$app" -- sh -c 'cat /tmp/go; true' >"$scratch/out" 2>&1 &
    local pid=$!
    exec 8>"$scratch/go" # opens when the step reads
    kill -9 "$(descendant "$pid" redis-server)"
    exec 8>&-
    status_of "$pid" 125
    [[ "$(cat "$scratch/out")" == *"redis was killed by signal 9"* ]]
}

@test "a server that cannot start says why, with the end of its log" {
    run -125 indyno run --postgres --disk=1M "$app" -- true
    [[ "$output" == *"No space left"* ]]
}

@test "app.json: addons, versions, as" {
    write_app <<'J'
{"environments": {"test": {
    "addons": ["heroku-postgresql:in-dyno", {"plan": "heroku-postgresql:in-dyno", "as": "STATS"}, "heroku-redis:in-dyno"],
    "env": {"POSTGRESQL_VERSION": "16", "REDIS_VERSION": "7.0", "TOKEN": {"generator": "secret"}, "N": 3},
    "scripts": {"test": "psql $DATABASE_URL -Atc 'show server_version' -c 'select current_database()'; psql $STATS_URL -Atc 'select current_database()'; redis-cli ping; echo ${#TOKEN} $N"}}}}
J
    run -0 --separate-stderr indyno run -q "$app"
    [[ "${lines[0]}" == 16.* ]]
    [ "${lines[1]}" = postgres_buildpack_db ]
    [[ "${lines[2]}" != postgres_buildpack_db ]]
    [ "${lines[3]}" = PONG ]
    [ "${lines[4]}" = "64 3" ]
}

@test "options of addons reach the servers; unknown ones are refused with the list" {
    write_app <<'J'
{"environments": {"test": {
    "addons": [{"plan": "heroku-postgresql:in-dyno", "options": {"version": "16", "max_connections": 37, "timezone": "Europe/Berlin"}},
               {"plan": "heroku-redis:in-dyno", "options": {"version": "7.0", "maxmemory": "64mb"}}],
    "scripts": {"test": "psql -Atc 'show max_connections' -c 'show timezone'; redis-cli config get maxmemory | tail -n 1"}}}}
J
    run -0 --separate-stderr indyno run -q "$app"
    [ "$output" = "$(printf '37\nEurope/Berlin\n67108864')" ]
    write_app <<<'{"environments": {"test": {"addons": [{"plan": "heroku-postgresql:in-dyno", "options": {"data_directory": "/app"}}]}}}'
    run -65 indyno run "$app" -- true
    [[ "$output" == *"addons[0].options.data_directory"*max_connections* ]]
}

@test "an extension that the server does not have gets a hint, once" {
    run -1 --separate-stderr indyno run --postgres=16 "$app" -- \
        sh -c 'psql -qc "create extension postgis"; psql -qc "create extension \"no such/../thing\""; psql -qc "create extension postgis"'
    [ "$(grep -c 'note: the extension "postgis" is not in postgresql:16' <<<"$stderr")" = 1 ]
    [[ "$stderr" == *"indyno image install postgresql:17 --from deb --with postgresql-17-postgis-3 brings it"* ]]
}

@test "the cluster is as fresh in the next run" {
    postgres psql -qc 'create table leftover (i int)'
    postgres psql -Atc "select count(*) from pg_class where relname = 'leftover'"
    [ "$output" = 0 ]
}
